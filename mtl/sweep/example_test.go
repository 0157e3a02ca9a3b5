package sweep_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/sweep"
)

// Three weights of the second task, two seeds each, and both tasks alone.
func Example() {
	b, err := backend.Go()
	if err != nil {
		log.Fatal(err)
	}
	m, data := twoTasks() // a *mtl.Model of the tasks "sum" and "sign", and mtl.Data
	found, err := sweep.Run(context.Background(), m, data, sweep.Options{
		Fit:      mtl.FitOptions{Backend: b, Steps: 60, BatchSize: 16, LearningRate: 1e-2},
		Settings: sweep.Product(sweep.LogRatio("sign", 0.1, 10, 3), sweep.Seeds(1, 2)),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range found.Groups() {
		fmt.Printf("%s: %d seeds\n", g.Setting.Label(), g.Values[0].N)
	}
	fmt.Println("programs compiled for all of them:", found.Compilations)
	fmt.Println("rule:", found.Choose().Rule)
	// Output:
	// sign 0.1: 2 seeds
	// sign 1: 2 seeds
	// sign 10: 2 seeds
	// programs compiled for all of them: 1
	// rule: highest Δm (task-mean) on the Pareto front
}
