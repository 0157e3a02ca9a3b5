// Package pretrained holds trunks with the layers and constants of published networks, and reads their weights from files in the safetensors format:
// ResNet (torchvision's names) and BERT (the names of Hugging Face's transformers). A file is fetched by other means, such as the web page of a model or
// GoMLX's go-huggingface, whose Repo.DownloadFile gives the path that Open takes; its config.json belongs in the same folder. No weights come with this package: its tests compare
// networks with random weights, made and saved by torchvision and transformers, with their outputs.
//
// The package needs no module but GoMLX. go-huggingface has a reader of safetensors too; v0.4.1, the newest that GoMLX v0.28.2 can be built with, reads only
// from the hub's cache, not a file on the disk.
package pretrained
