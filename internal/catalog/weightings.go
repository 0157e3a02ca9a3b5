// Package catalog lists what this module has, for the command line and for tests of every combination.
package catalog

import (
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
)

// Weightings are all of them, with their default settings.
func Weightings() []mtl.Weighting {
	return []mtl.Weighting{
		weighting.Equal{}, weighting.Mean{}, weighting.Fixed{}, weighting.RLW{}, weighting.Uncertainty{}, weighting.DWA{}, weighting.GLS{},
		weighting.ScaleInvariant{}, weighting.IMTLL{}, weighting.STCH{}, weighting.STCHLogNadir{}, weighting.FAMO{}, weighting.PBI{},
		weighting.COSMOS{}, weighting.Smoothed{Method: weighting.MGDA{}}, weighting.PELTR{},
		weighting.GradNorm{}, weighting.MGDA{}, weighting.PCGrad{}, weighting.GradVac{}, weighting.GradDrop{}, weighting.IMTLG{}, weighting.IMTL{},
		weighting.CAGrad{}, weighting.NashMTL{}, weighting.FairGrad{}, weighting.AlignedMTL{}, weighting.MoCo{}, weighting.MoDo{},
		weighting.SDMGrad{}, weighting.ExcessMTL{}, weighting.DBMTL{}, weighting.UPGrad{}, weighting.DualProj{}, weighting.ConFIG{},
		weighting.Krum{}, weighting.TrimmedMean{}, weighting.PCD{}, weighting.Random{},
		weighting.AutoLambda{}, weighting.MOML{}, weighting.FORUM{},
	}
}
