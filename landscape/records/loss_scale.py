"""What a loss counts, and how much of it is much: its unit, and the rise at which widths are measured by default."""

import re
from dataclasses import dataclass

from landscape.records.base import RISE

NATS = "nats per example"
SUMMED = ", summed"  # ends the name of a loss that adds up over the examples instead of taking their mean
SHARE = 0.5  # of what a guess costs: the default rise of a loss that has no unit of its own

# A name is a log-likelihood's if it holds one of these and nothing but them and the words below.
_LIKELIHOODS = ("crossentropy", "nll", "bce", "loglikelihood")
_EPITHETS = re.compile(
    "binary|categorical|sparse|soft|smooth(ed|ing)?|label|masked|weighted|multilabel|token|sequence|mean|negative|"
    "gaussian|poisson|softmax|sigmoid|with|from|logits?|loss|fn|2d|_"
)


@dataclass(frozen=True)
class LossScale:
    """The unit of a loss and the rise that is high for it.

    Args:
        loss: name of the loss function; empty where it is not known.
        guess: what guessing costs, the loss of the better of two constant outputs: 0 and the mean of the targets; 0 for
            the mean log-likelihoods, whose scale is 1 nat, and where it is not known.
    """

    loss: str = ""
    guess: float = 0.0

    @property
    def is_log_likelihood(self) -> bool:
        """Whether the loss is counted in nats, the mean over what it counts.

        >>> [LossScale(name).is_log_likelihood for name in ("CrossEntropyLoss", "BCEWithLogitsLoss", "mse_loss")]
        [True, True, False]
        """
        return self._counts_nats and not self.loss.endswith(SUMMED)

    @property
    def unit(self) -> str:
        """The unit in words; of a loss that does not say what it is, ``"loss per example"``.

        >>> [LossScale(name).unit for name in ("nll_loss", "MSELoss", "l1_loss", "physics", "")]
        ['nats per example', 'squared error per example', 'l1_loss per example', 'loss per example', 'loss']
        >>> LossScale("GPT2LMHeadModel.loss per next token").unit, LossScale("cross_entropy, summed").unit
        ('nats per next token', 'nats')
        """
        if not self.loss:
            return "loss"
        name, _, item = self.loss.removesuffix(SUMMED).partition(" per ")
        return self._noun(name) + ("" if self.loss.endswith(SUMMED) else f" per {item or 'example'}")

    @property
    def rise(self) -> float:
        """The rise that defines widths and level sets by default: 0.5 nat, or half of what guessing costs.

        >>> LossScale("cross_entropy").rise, LossScale("mse_loss", 0.01).rise
        (0.5, 0.005)
        """
        return SHARE * self.guess if self.guess > 0 else RISE

    @property
    def reach(self) -> float:
        """Twice that rise: how far the loss is followed, so that the walls at the rise lie well inside."""
        return 2 * self.rise

    @property
    def _counts_nats(self) -> bool:
        name = re.sub(r"[\s_]+", "_", self.loss.removesuffix(SUMMED).lower()).replace("log_likelihood", "loglikelihood")
        name = name.replace("cross_entropy", "crossentropy")
        rest = re.sub("|".join(_LIKELIHOODS), "", name)
        # a language model's own loss, a mean over tokens, is their negative log-likelihood
        return self.loss.endswith(" token") or (rest != name and not _EPITHETS.sub("", rest))

    def _noun(self, name: str) -> str:
        if self._counts_nats:
            return "nats"
        if re.search(r"mse|squared_?error", name.lower()):
            return "squared error"
        return name if name.isidentifier() and re.search(r"(loss|error)$", name.lower()) else "loss"


def amount(rise: float, unit: str) -> str:
    """A rise of the loss with its unit in few words.

    >>> amount(0.5, "nats per example"), amount(0.0012345678, "squared error per example")
    ('0.5 nat', '0.001235 squared error')
    """
    noun = noun_of(unit)
    return f"{rise:g} nat" if noun == "nat" else f"{rise:.4g} {noun}"


def noun_of(unit: str) -> str:
    """What a loss counts, in the singular: ``"nat"`` of ``"nats per example"``."""
    noun = unit.partition(" per ")[0]
    return "nat" if noun == "nats" else noun
