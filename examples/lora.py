"""The landscape over adapters alone: LoRA in float32 over a small language model in bfloat16 (peft, transformers).

python examples/lora.py    (the body is trained first, on the first half of the text; the adapters on the second)
"""

from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
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


def train(model: torch.nn.Module, data: list[dict[str, torch.Tensor]], steps: int) -> None:
    """A few steps on what is to be trained."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    for step in range(steps):
        optimizer.zero_grad()
        model(**data[step % len(data)]).loss.backward()
        optimizer.step()


if __name__ == "__main__":
    torch.manual_seed(0)
    sizes = {"vocab_size": len(LETTERS), "n_positions": 96, "n_embd": 32, "n_layer": 2, "n_head": 2}
    body = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **sizes))
    half = len(LINES) // 2
    train(body, [batch(LINES[:half])], steps=60)
    model = get_peft_model(body.bfloat16(), LoraConfig(r=4, target_modules=["c_attn"], fan_in_fan_out=True))
    data = [batch(LINES[half : half + 8])]
    train(model, data, steps=60)

    # the body stays where it is, in its own precision; each adapter moves in its own
    objective = ls.Objective(model.eval(), data, parameters="trainable", name="LoRA")
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=7, extent=2.0, rays=0)
    surface.save("lora.h5")
    ls.render(surface, "lora.png")
    loss, precision = objective.at_centre()["train_loss"], objective.fingerprint["dtype"]
    print(f"P = {objective.P:,} of adapters, {precision}, {loss:.2f} nats per token")
