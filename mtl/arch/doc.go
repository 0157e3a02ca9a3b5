// Package arch holds architectures, which map the inputs to one representation per task, and trunks, the networks they are made of. Trunks are
// built from GoMLX's layers; any function of nodes is a trunk too (TrunkFunc).
package arch
