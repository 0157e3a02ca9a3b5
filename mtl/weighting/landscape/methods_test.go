package landscape_test

import (
	"context"
	"sync"
	"testing"

	"github.com/gomtl/gomtl/backend/backendtest"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/weighting"
	"github.com/gomtl/gomtl/mtl/weighting/landscape"
)

// method is one run of a method from the five starts.
type method struct {
	name     string // of its type
	setting  string // where it is not the default one
	method   mtl.Weighting
	steps    int
	outcomes string
}

// methods has every method once or more often, with the outcome from each of landscape.Starts:
//
//	m  at the least sum of the losses, the middle of the Pareto set
//	p  somewhere on the Pareto set
//	w  not on it: stopped, or too slow, at the wall or in a valley above it
//	?  depends on the last bits: the valleys of the logarithms are sharp, and paths along them differ between processors
//
// From both upper starts the way leads into a valley whose slopes only one task feels, and which holds any fixed weights. The papers' point is which methods get out of it
// and over the wall below. Where this is not what a paper shows, a comment says why.
var methods = []method{
	{"Equal", "", weighting.Equal{}, 50_000, "wwmmm"}, // fails from the upper starts, as the papers show
	{"Mean", "", weighting.Mean{}, 50_000, "wwmmm"},
	{"Fixed", "2 and 1", weighting.Fixed{"first": 2}, 50_000, "wwppp"},
	{"RLW", "", weighting.RLW{}, 50_000, "wwmmm"},
	{"Uncertainty", "", weighting.Uncertainty{}, 50_000, "wwppp"},
	{"DWA", "", weighting.DWA{}, 50_000, "wwmmm"},
	{"GLS", "", weighting.GLS{}, 50_000, "wwppp"},
	{"ScaleInvariant", "", weighting.ScaleInvariant{}, 50_000, "wwppp"},
	{"IMTLL", "", weighting.IMTLL{}, 50_000, "wwppp"},
	{"STCH", "", weighting.STCH{}, 50_000, "wwmmm"}, // gets over the wall after 80,000 to 100,000 steps
	{"STCH", "μ = 0.1", weighting.STCH{Mu: 0.1}, 50_000, "mmmmm"},
	{"STCHLogNadir", "", weighting.STCHLogNadir{}, 50_000, "wwppp"},
	// The paper reaches the set from all starts, without weight decay. The decay of its other experiments holds the weights together: δ is small here.
	{"FAMO", "", weighting.FAMO{}, 50_000, "wwppp"},
	{"FAMO", "no decay", weighting.FAMO{Decay: 1e-300}, 50_000, "ppppp"},
	// θ = 5 keeps both losses equal before it lowers them: they are equal on the kink, too.
	{"PBI", "", weighting.PBI{}, 50_000, "wwwwm"},
	{"COSMOS", "", weighting.COSMOS{}, 50_000, "wwmmm"},
	{"Smoothed", "MGDA", weighting.Smoothed{Method: weighting.MGDA{}}, 30_000, "ppppp"},
	{"PELTR", "", weighting.PELTR{}, 30_000, "ppppp"},

	{"GradNorm", "", weighting.GradNorm{}, 50_000, "ppppp"},
	{"MGDA", "", weighting.MGDA{}, 30_000, "ppppp"}, // stops at the first point of the set that it meets, as the papers show
	{"MGDA", "l2", weighting.MGDA{Normalization: weighting.NormNormalization}, 30_000, "ppppp"},
	{"PCGrad", "", weighting.PCGrad{}, 100_000, "ppppp"}, // as MGDA, but late from above
	{"GradVac", "", weighting.GradVac{}, 50_000, "wwmmm"},
	{"GradDrop", "", weighting.GradDrop{}, 50_000, "wwmmm"},
	{"IMTLG", "", weighting.IMTLG{}, 50_000, "ppppp"},
	{"IMTL", "", weighting.IMTL{}, 50_000, "ppppp"},
	{"CAGrad", "", weighting.CAGrad{}, 100_000, "mmmmm"}, // the paper: the least sum from everywhere, in 100,000 steps
	{"NashMTL", "", weighting.NashMTL{}, 30_000, "ppppp"},
	{"FairGrad", "", weighting.FairGrad{}, 30_000, "ppppp"},
	{"AlignedMTL", "", weighting.AlignedMTL{}, 50_000, "mmmmp"}, // on its way along the set from the last start, arrived by 100,000
	{"MoCo", "", weighting.MoCo{}, 50_000, "mmmmm"},
	{"MoDo", "", weighting.MoDo{}, 50_000, "wwmmm"},
	{"SDMGrad", "", weighting.SDMGrad{}, 100_000, "ppppp"},
	{"ExcessMTL", "", weighting.ExcessMTL{}, 50_000, "wwppp"},
	{"DBMTL", "", weighting.DBMTL{}, 50_000, "ppppp"},
	// For two tasks it has PCGrad's direction but for the ridge: in the valleys, where one gradient is a hundred times the other and more, that makes it the mean. It
	// leaves them after more than 100,000 steps.
	{"UPGrad", "", weighting.UPGrad{}, 50_000, "wwmmm"},
	{"UPGrad", "no ridge", weighting.UPGrad{RegEps: 1e-300}, 100_000, "ppppp"},
	{"DualProj", "", weighting.DualProj{}, 50_000, "wwmmm"}, // as UPGrad
	{"ConFIG", "", weighting.ConFIG{}, 100_000, "ppppp"},
	{"Krum", "", weighting.Krum{}, 50_000, "wpppp"}, // of two gradients it takes the first: it minimises one loss
	{"TrimmedMean", "", weighting.TrimmedMean{}, 50_000, "wwmmm"},
	{"PCD", "", weighting.PCD{}, 50_000, "ppppp"}, // the end of the set where the primary loss is least
	{"Random", "", weighting.Random{}, 50_000, "wwmmm"},

	// The bilevel methods look ahead by one step of 0.1 on the same losses: there is no validation set here.
	{"AutoLambda", "", weighting.AutoLambda{}, 50_000, "wwmmm"},
	{"MOML", "", weighting.MOML{}, 50_000, "ppppp"},
	{"FORUM", "", weighting.FORUM{}, 30_000, "??ppp"},
}

const (
	offset = 21  // makes the losses positive, for methods that take their logarithm
	every  = 200 // steps between two points of a path
)

// walks remembers the paths of each method: the tests share them.
var walks sync.Map

// paths returns the paths of m.
func (m method) paths(t *testing.T) [][][2]float64 {
	t.Helper()
	run, _ := walks.LoadOrStore(m.name+m.setting, sync.OnceValues(func() ([][][2]float64, error) {
		w := landscape.Walk{Problem: landscape.Problem{Offset: offset}, Method: m.method, Steps: m.steps, Every: every}
		return w.Run(context.Background(), backendtest.XLA(t), landscape.Starts()...)
	}))
	paths, err := run.(func() ([][][2]float64, error))()
	if err != nil {
		t.Fatalf("%s %s: %v", m.name, m.setting, err)
	}
	return paths
}

func (m method) title() string {
	if m.setting == "" {
		return m.name
	}
	return m.name + ", " + m.setting
}
