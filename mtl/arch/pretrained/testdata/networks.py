"""Writes small networks of torchvision and transformers with random weights, as the safetensors library saves them, with inputs and outputs.

Run in this folder: python networks.py. Made with torch 2.15.0, torchvision 0.29.2, transformers 5.24.0, safetensors 0.8.0. Nothing is downloaded.
resnet.safetensors has torchvision's basic blocks at a width of 4, in stages of 2, 1 and 1 blocks; bert.safetensors is a BertModel, older_bert.safetensors the same with the names
of older files. resnet.json and bert.json have inputs and outputs in evaluation.
"""

import json

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet
from transformers import BertConfig, BertModel

torch.manual_seed(3)


def entry(x):
    whole = not x.dtype.is_floating_point
    return {"shape": list(x.shape), "flat": x.flatten().tolist() if whole else [float(f"{v:.8g}") for v in x.flatten().tolist()]}


def write(name, cases):
    with open(name, "w") as f:
        json.dump(cases, f, separators=(",", ":"))
        f.write("\n")


resnet = ResNet(BasicBlock, [1, 1, 1, 1])
resnet.inplanes = 4
resnet.conv1 = nn.Conv2d(3, 4, 7, stride=2, padding=3, bias=False)
resnet.bn1 = nn.BatchNorm2d(4)
resnet.layer1 = resnet._make_layer(BasicBlock, 4, 2)
resnet.layer2 = resnet._make_layer(BasicBlock, 8, 1, stride=2)
resnet.layer3 = resnet._make_layer(BasicBlock, 16, 1, stride=2)
resnet.layer4 = nn.Identity()
resnet.fc = nn.Linear(16, 5)
for m in resnet.modules():
    if isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1, 0.2)
        nn.init.normal_(m.bias, 0, 0.2)
        nn.init.normal_(m.running_mean, 0, 0.2)
        nn.init.uniform_(m.running_var, 0.5, 1.5)
resnet.eval()
pictures = (torch.randn(2, 3, 33, 27) * 8).round() / 8
with torch.no_grad():
    x = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(pictures))))
    x = resnet.layer3(resnet.layer2(resnet.layer1(x)))
save_file(resnet.state_dict(), "resnet.safetensors")
write("resnet.json", {"inputs": [entry(pictures.permute(0, 2, 3, 1))], "outputs": [entry(x.permute(0, 2, 3, 1))]})

bert = BertModel(
    BertConfig(vocab_size=11, hidden_size=6, num_hidden_layers=2, num_attention_heads=2, intermediate_size=10, max_position_embeddings=8, type_vocab_size=2)
)
for p in bert.parameters():
    nn.init.normal_(p, 0, 0.5)
bert.eval()
ids = torch.tensor([[1, 4, 7, 10, 2, 0, 0], [1, 3, 3, 2, 9, 8, 2], [5, 2, 0, 0, 0, 0, 0]])
types = torch.tensor([[0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0]])
mask = (ids != 0).long()
with torch.no_grad():
    one = bert(ids, attention_mask=mask).last_hidden_state
    two = bert(ids, attention_mask=mask, token_type_ids=types).last_hidden_state
save_file(bert.state_dict(), "bert.safetensors")
older = {"bert." + k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in bert.state_dict().items()}
save_file(older, "older_bert.safetensors", metadata={"format": "pt"})
write("bert.json", {"inputs": [entry(ids), entry(types)], "outputs": [entry(one), entry(two)]})
