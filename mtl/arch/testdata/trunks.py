"""Writes trunks.json: small networks of PyTorch with their outputs and gradients, under the paths and in the layouts of package arch.

Run in this folder: python trunks.py. Made with torch 2.15.0.
The loss is the sum of c*y with c = cos(0), cos(1), ..., times 0 at padding.
"""

import json

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
cases = {}


def entry(x):
    x = x.detach()
    if x.dtype == torch.bool:
        x = x.to(torch.int64)
    whole = not x.dtype.is_floating_point
    flat = x.flatten().tolist()
    return {"shape": list(x.shape), "flat": flat if whole else [float(f"{v:.8g}") for v in flat], "whole": whole}


def case(name, inputs, variables, run, keep=None):
    """variables maps a path to (parameter, function that turns it into our layout); run maps the inputs to the output."""
    inputs = [x.requires_grad_() if x.dtype.is_floating_point else x for x in inputs]
    y = run(*inputs)
    c = torch.cos(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape)
    if keep is not None:
        c = c * keep.unsqueeze(-1)
    (c * y).sum().backward()
    cases[name] = {
        "inputs": [entry(x) for x in inputs],
        "variables": {path: entry(layout(p)) for path, (p, layout) in variables.items()},
        "output": entry(y),
        "weights": entry(c),
        "variableGradients": {path: entry(layout(p.grad)) for path, (p, layout) in variables.items()},
        "inputGradients": [entry(x.grad) if x.grad is not None else None for x in inputs],
    }


same = lambda p: p
turned = lambda p: p.t()


def kernel(p):  # [out, in, ...] to [..., in, out]
    return p.permute(*range(2, p.dim()), 1, 0)


def randomize(module):
    for p in module.parameters():
        nn.init.normal_(p, std=0.5)
    return module


# Bags of ids, 0 is padding.
bag_ids = torch.tensor([[3, 1, 0, 0], [2, 2, 4, 1], [5, 0, 0, 0]])
for mode in ("mean", "sum"):
    bag = randomize(nn.EmbeddingBag(6, 3, mode=mode, padding_idx=0))
    case("bag " + mode, [bag_ids], {"/input_0/embeddings": (bag.weight, same)}, bag)

# Recurrent layers on sequences of lengths 4, 2 and 3.
lengths = torch.tensor([4, 2, 3])
mask = torch.arange(4)[None, :] < lengths[:, None]


def recurrent(module):
    def run(x, _):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True)
        return out

    return run


def gru_variables(m, suffix, under):
    return {
        under + "/input/dense/weights": (getattr(m, "weight_ih_l0" + suffix), turned),
        under + "/input/dense/biases": (getattr(m, "bias_ih_l0" + suffix), same),
        under + "/state/weights": (getattr(m, "weight_hh_l0" + suffix), turned),
        under + "/state/biases": (getattr(m, "bias_hh_l0" + suffix), lambda p: p[2 * 5 :]),
    }


def gru(**options):
    m = randomize(nn.GRU(3, 5, batch_first=True, **options))
    for name, p in m.named_parameters():
        if name.startswith("bias_hh"):
            p.data[: 2 * 5] = 0  # there is one bias of r and z
    return m


m = gru()
case("gru", [torch.randn(3, 4, 3), mask], gru_variables(m, "", ""), recurrent(m), mask)
m = gru(bidirectional=True)
case("bidirectional gru", [torch.randn(3, 4, 3), mask], gru_variables(m, "", "/forward") | gru_variables(m, "_reverse", "/backward"), recurrent(m), mask)
m = randomize(nn.LSTM(3, 5, batch_first=True))
nn.init.zeros_(m.bias_hh_l0)
case(
    "lstm",
    [torch.randn(3, 4, 3), mask],
    {
        "/input/dense/weights": (m.weight_ih_l0, turned),
        "/input/dense/biases": (m.bias_ih_l0, same),
        "/state/weights": (m.weight_hh_l0, turned),
    },
    recurrent(m),
    mask,
)


# Transformers of width 6 with 2 heads.
class Encoder(nn.Module):
    def __init__(self, norm_first, activation):
        super().__init__()
        layer = nn.TransformerEncoderLayer(6, 2, 10, dropout=0.0, activation=activation, batch_first=True, norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(6) if norm_first else None, enable_nested_tensor=False)

    def forward(self, x, keep):
        return self.encoder(x, src_key_padding_mask=~keep)


def transformer_variables(m):
    variables = {}
    for i, layer in enumerate(m.encoder.layers):
        at = f"/layer_{i}"
        for j, name in enumerate(("query", "key", "value")):
            block = lambda p, j=j: p[6 * j : 6 * j + 6]
            variables[f"{at}/attention/{name}/dense/weights"] = (layer.self_attn.in_proj_weight, lambda p, b=block: b(p).t())
            variables[f"{at}/attention/{name}/dense/biases"] = (layer.self_attn.in_proj_bias, block)
        for name, dense in (("attention/output", layer.self_attn.out_proj), ("feed_forward/first", layer.linear1), ("feed_forward/second", layer.linear2)):
            variables[f"{at}/{name}/dense/weights"] = (dense.weight, turned)
            variables[f"{at}/{name}/dense/biases"] = (dense.bias, same)
        for name, norm in (("attention", layer.norm1), ("feed_forward", layer.norm2)):
            variables[f"{at}/{name}/layer_normalization/gain"] = (norm.weight, same)
            variables[f"{at}/{name}/layer_normalization/offset"] = (norm.bias, same)
    if m.encoder.norm is not None:
        variables["/final/layer_normalization/gain"] = (m.encoder.norm.weight, same)
        variables["/final/layer_normalization/offset"] = (m.encoder.norm.bias, same)
    return variables


for name, norm_first, activation in (("transformer", True, "relu"), ("post-norm transformer", False, "gelu")):
    m = randomize(Encoder(norm_first, activation))
    case(name, [torch.randn(3, 4, 6), mask], transformer_variables(m), m, mask)

# Text: embedding, a convolution of stride 2 over time, mean over the positions that stand for words.
ids = torch.tensor([[3, 1, 2, 0, 0], [2, 2, 4, 1, 5], [5, 0, 0, 0, 0]], dtype=torch.int64)
table, w, b = (torch.randn(*s).requires_grad_() for s in ((6, 3), (4, 3, 3), (4,)))


def text(ids):
    x = F.embedding(ids, table) * (ids != 0).unsqueeze(-1)
    x = F.relu(F.conv1d(x.transpose(1, 2), w, b, stride=2, padding=1)).transpose(1, 2)
    keep = torch.stack([(ids[:, 2 * i : 2 * i + 2] != 0).any(1) for i in range(3)], 1).unsqueeze(-1)
    return (x * keep).sum(1) / keep.sum(1)


case(
    "text",
    [ids],
    {
        "/embedding/embeddings": (table, same),
        "/layer_0/stage_0/block_0/conv/weights": (w, kernel),
        "/layer_0/stage_0/block_0/conv/biases": (b, same),
    },
    text,
)


# Maps of 7x6; channels are the second axis in torch.
def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


class Convolutions(dict):
    def __call__(self, path, x, channels, size=3, stride=1):
        self[path] = nn.Conv2d(x.shape[1], channels, size, stride=stride, padding=size // 2)
        return self[path](x)

    def again(self):
        """Calls the same layers by path."""
        return lambda path, x, *_args, **_options: self[path](x)

    def variables(self):
        out = {}
        for path, layer in self.items():
            out[f"{path}/conv/weights"] = (layer.weight, kernel)
            out[f"{path}/conv/biases"] = (layer.bias, same)
        return out


def enlarge(x, like):
    x = F.interpolate(x, scale_factor=2, mode="nearest")
    return x[:, :, : like.shape[2], : like.shape[3]]


def unet(conv):
    def run(x):
        x = first(x)
        a = F.relu(conv("/stage_0/block_0", x, 3))
        b = F.relu(conv("/stage_1/block_0", a, 4, stride=2))
        b = F.relu(conv("/stage_1/block_1", b, 4))
        c = F.relu(conv("/stage_2/block_0", b, 5, stride=2))
        x = F.relu(conv("/up_1/enlarge", enlarge(c, b), 4))
        x = F.relu(conv("/up_1/block_0", torch.cat([b, x], 1), 4))
        x = F.relu(conv("/up_1/block_1", x, 4))
        x = F.relu(conv("/up_0/enlarge", enlarge(x, a), 3))
        x = F.relu(conv("/up_0/block_0", torch.cat([a, x], 1), 3))
        return last(x)

    return run


def fpn(conv):
    def block(path, x, channels, stride):
        h = F.relu(conv(path + "/first", x, channels, stride=stride))
        h = conv(path + "/second", h, channels)
        if stride != 1 or x.shape[1] != channels:
            x = conv(path + "/shortcut", x, channels, 1, stride)
        return F.relu(x + h)

    def run(x):
        x = first(x)
        a = block("/bottom_up/stage_0/block_0", x, 3, 1)
        b = block("/bottom_up/stage_1/block_0", a, 4, 2)
        c = block("/bottom_up/stage_2/block_0", b, 5, 2)
        p = conv("/lateral_2", c, 6, 1)
        p = conv("/lateral_1", b, 6, 1) + enlarge(p, b)
        p = conv("/lateral_0", a, 6, 1) + enlarge(p, a)
        return last(conv("/output", p, 6))

    return run


for name, build in (("unet", unet), ("fpn", fpn)):
    conv = Convolutions()
    x = torch.randn(1, 7, 6, 2)
    build(conv)(x)
    case(name, [x], conv.variables(), build(conv.again()))

case("max pool", [torch.randn(2, 7, 6, 2)], {}, lambda x: last(F.max_pool2d(first(x), 3, stride=2, padding=1)))
case("max pool 5", [torch.randn(1, 6, 6, 1)], {}, lambda x: last(F.max_pool2d(first(x), 5, stride=1, padding=2)))

with open("trunks.json", "w") as f:
    json.dump(cases, f, separators=(",", ":"))
    f.write("\n")
