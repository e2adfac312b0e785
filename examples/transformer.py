"""A small causal language model from a transformers config, trained on the text beside this file; a plane around it.

python examples/transformer.py    (lines differ in length: the loss is the mean over all predicted tokens)
"""

from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import landscape as ls

LINES = (Path(__file__).parent / "ridge.txt").read_text(encoding="utf-8").splitlines()
LETTERS = sorted(set("".join(LINES)))


def batch(lines: list[str]) -> dict[str, torch.Tensor]:
    """Letters as tokens, shorter lines filled up and the filling not counted (-100)."""
    length = max(map(len, lines))
    ids = torch.tensor([[LETTERS.index(letter) for letter in line.ljust(length)] for line in lines])
    real = torch.arange(length) < torch.tensor([[len(line)] for line in lines])
    return {"input_ids": ids, "attention_mask": real.long(), "labels": ids.where(real, -100)}


if __name__ == "__main__":
    torch.manual_seed(0)
    sizes = {"vocab_size": len(LETTERS), "n_positions": 96, "n_embd": 32, "n_layer": 2, "n_head": 2}
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **sizes))
    data = [batch(LINES[start : start + 8]) for start in range(0, len(LINES), 8)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(100):
        optimizer.zero_grad()
        model(**data[step % len(data)]).loss.backward()
        optimizer.step()

    objective = ls.Objective(model.eval(), data, name="small GPT-2")
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=11, extent=1.0, rays=0)
    surface.save("transformer.h5")
    ls.render(surface, "transformer.png")
    print(f"P = {objective.P:,}, {objective.at_centre()['train_loss']:.2f} nats per token in {objective.N} lines")
