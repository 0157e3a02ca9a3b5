package weighting_test

import (
	"slices"
	"testing"

	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
	. "github.com/gomtl/gomtl/mtl/weighting/weightingtest"
)

// TestProperties is the property table: what each method has and, by Not, what it provably lacks, in its first step with losses of 1. It says nothing where
// neither a proof nor a counterexample is known: whether IMTL-G, IMTL and ConFIG stand still at strongly stationary points only.
func TestProperties(t *testing.T) {
	one := func(int) float64 { return 1 }
	all := func(tasks int) float64 { return float64(tasks) }
	// Weights that do not depend on the gradients.
	constant := []Property{Not(NonConflicting(1e-2)), LinearUnderScaling(1e-9), Homogeneous(1e-9), StronglyStationary(1e-5), Not(Stops(1e-2))}
	equal := append(slices.Clone(constant), PermutationInvariant(1e-9))
	unequal := append(slices.Clone(constant), Not(PermutationInvariant(1e-3)))
	with := func(properties []Property, more ...Property) []Property {
		return append(slices.Clone(properties), more...)
	}
	// The shortest convex combination.
	shortest := []Property{
		NonConflicting(1e-9), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Not(StronglyStationary(1e-9)), Stops(1e-7),
	}
	aligned := []Property{
		Not(NonConflicting(1e-2)), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), StronglyStationary(1e-5), Not(Stops(1e-2)),
	}
	fair := []Property{
		NonConflicting(1e-9), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Not(Homogeneous(1e-2)), StronglyStationary(1e-4), Not(Stops(1e-2)),
	}
	projecting := []Property{
		Not(NonConflicting(1e-3)), Not(PermutationInvariant(1e-3)), LinearUnderScaling(1e-9), Homogeneous(1e-9), StronglyStationary(1e-4), Not(Stops(1e-2)),
	}
	impartial := []Property{Not(NonConflicting(1e-2)), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), Not(Stops(1e-2))}
	for name, row := range map[string]struct {
		method     mtl.Weighting
		properties []Property
	}{
		"Equal":          {weighting.Equal{}, with(equal, OnSimplex(all))},
		"Mean":           {weighting.Mean{}, with(equal, OnSimplex(one))},
		"Fixed":          {weighting.Fixed{"task0": 2}, unequal},
		"RLW":            {weighting.RLW{}, with(unequal, OnSimplex(one))},
		"Uncertainty":    {weighting.Uncertainty{}, equal},
		"DWA":            {weighting.DWA{Window: 1}, with(equal, OnSimplex(all))},
		"GLS":            {weighting.GLS{}, equal},
		"ScaleInvariant": {weighting.ScaleInvariant{}, equal},
		"IMTLL":          {weighting.IMTLL{}, equal},
		"STCH":           {weighting.STCH{}, equal},
		"STCHLogNadir":   {weighting.STCHLogNadir{WarmUp: 1, Window: 1}, equal},
		"FAMO":           {weighting.FAMO{}, equal},
		"PBI":            {weighting.PBI{}, equal},
		"COSMOS":         {weighting.COSMOS{}, equal},
		"Smoothed":       {weighting.Smoothed{Method: weighting.MGDA{}}, with(shortest, Homogeneous(1e-9), OnSimplex(one))},
		"PELTR":          {weighting.PELTR{}, with(shortest, Homogeneous(1e-9), OnSimplex(one))},

		"MGDA":    {weighting.MGDA{}, with(shortest, Homogeneous(1e-9), OnSimplex(one))},
		"MGDA l2": {weighting.MGDA{Normalization: weighting.NormNormalization}, with(shortest, Not(Homogeneous(1e-2)))},
		"PCGrad":  {weighting.PCGrad{}, projecting},
		"GradVac": {weighting.GradVac{}, projecting},
		"IMTLG":   {weighting.IMTLG{}, impartial},
		"IMTL":    {weighting.IMTL{}, impartial},
		"CAGrad": {weighting.CAGrad{}, []Property{
			Not(NonConflicting(1e-3)), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), Not(StronglyStationary(1e-9)), Not(Stops(1e-2)),
		}},
		"CAGrad c=1": {weighting.CAGrad{C: 1}, []Property{
			NonConflicting(1e-7), PermutationInvariant(1e-6), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), Not(StronglyStationary(1e-9)),
		}},
		"NashMTL":           {weighting.NashMTL{}, fair},
		"FairGrad":          {weighting.FairGrad{}, fair},
		"FairGrad α=0.1":    {weighting.FairGrad{Alpha: 0.1}, fair},
		"AlignedMTL":        {weighting.AlignedMTL{}, aligned},
		"AlignedMTL median": {weighting.AlignedMTL{Scale: weighting.MedianScale}, aligned},
		"AlignedMTL rms":    {weighting.AlignedMTL{Scale: weighting.RMSScale}, aligned},
		"UPGrad": {weighting.UPGrad{}, []Property{
			NonConflicting(1e-3), PermutationInvariant(1e-9), LinearUnderScaling(3e-2), Homogeneous(1e-9), StronglyStationary(1e-4), Not(Stops(1e-2)),
		}},
		"UPGrad without a ridge": {weighting.UPGrad{RegEps: 1e-12}, []Property{NonConflicting(1e-9), LinearUnderScaling(1e-7)}},
		"DualProj": {weighting.DualProj{}, []Property{
			NonConflicting(1e-3), PermutationInvariant(1e-9), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), StronglyStationary(1e-4), Not(Stops(1e-2)),
		}},
		"ConFIG": {weighting.ConFIG{}, []Property{
			Not(NonConflicting(1e-2)), PermutationInvariant(1e-7), LinearUnderScaling(1e-9), Homogeneous(1e-9), Not(Stops(1e-2)),
		}},
		"Krum": {weighting.Krum{}, []Property{
			Not(NonConflicting(1e-2)), Not(PermutationInvariant(1e-3)), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), Not(Stops(1e-2)), OnSimplex(one),
		}},
		"PCD": {weighting.PCD{}, []Property{
			Not(NonConflicting(1e-2)), Not(PermutationInvariant(1e-3)), LinearUnderScaling(1e-6), Homogeneous(1e-2), Not(Stops(1e-2)),
		}},
		"Random": {weighting.Random{}, with(unequal, OnSimplex(one))},

		"GradNorm": {weighting.GradNorm{}, with(equal, OnSimplex(all))},
		"GradDrop": {weighting.GradDrop{}, []Property{
			Not(NonConflicting(1e-2)), PermutationInvariant(1e-9), Not(LinearUnderScaling(1e-3)), Homogeneous(1e-9), StronglyStationary(1e-4), Not(Stops(1e-2)),
		}},
		"MoCo": {weighting.MoCo{}, []Property{
			Not(NonConflicting(1e-2)), PermutationInvariant(1e-9), Not(LinearUnderScaling(1e-3)), Not(Homogeneous(1e-2)), Not(Stops(1e-2)), OnSimplex(one),
		}},
		"MoDo": {weighting.MoDo{}, []Property{
			Not(NonConflicting(1e-2)), PermutationInvariant(1e-9), Not(LinearUnderScaling(1e-3)), Not(Homogeneous(1e-3)), Not(Stops(1e-2)), OnSimplex(one),
		}},
		"SDMGrad": {weighting.SDMGrad{}, []Property{
			Not(NonConflicting(1e-2)), PermutationInvariant(1e-7), Not(LinearUnderScaling(1e-3)), Not(Homogeneous(1e-2)), StronglyStationary(1e-4), Not(Stops(1e-2)), OnSimplex(one),
		}},
		"ExcessMTL": {weighting.ExcessMTL{}, equal},
		"DBMTL": {weighting.DBMTL{}, []Property{
			Not(NonConflicting(1e-3)), PermutationInvariant(1e-9), Not(LinearUnderScaling(1e-4)), Homogeneous(1e-3), StronglyStationary(1e-4), Not(Stops(1e-2)),
		}},
		"TrimmedMean": {weighting.TrimmedMean{}, with(equal, OnSimplex(one))},
		"AutoLambda":  {method: weighting.AutoLambda{}},
		"MOML":        {method: weighting.MOML{}},
		"FORUM":       {method: weighting.FORUM{}},
	} {
		t.Run(name, func(t *testing.T) { Check(t, row.method, row.properties...) })
	}
}
