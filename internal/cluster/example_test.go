package cluster_test

import (
	"fmt"
	"log"
	"time"

	"github.com/gomtl/gomtl/internal/cluster"
)

var example = cluster.Job{
	Name:    cluster.NameFor("Weights of 2026"),
	Command: []string{"gomtl", "sweep", "-out=/runs/weights", "-data=digits", "-weights=simplex:8"},
	Shares:  12, Parallel: 4, Time: 90 * time.Minute, CPUs: 2, MemoryGiB: 4,
}

func ExampleJob_Slurm() {
	script, err := example.Slurm("/home/ada/runs/weights")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", script)
	// Output:
	// #!/bin/bash
	// #SBATCH --job-name=weights-of-2026
	// #SBATCH --array=0-11%4
	// #SBATCH --output="/home/ada/runs/weights/share-%a.log"
	// #SBATCH --open-mode=append
	// #SBATCH --requeue
	// #SBATCH --time=01:30:00
	// #SBATCH --cpus-per-task=2
	// #SBATCH --mem=4G
	// export GOMAXPROCS=2
	// exec gomtl sweep -out=/runs/weights -data=digits -weights=simplex:8 "-share=${SLURM_ARRAY_TASK_ID:?run this by sbatch}/12"
}

func ExampleJob_Kubernetes() {
	manifest, err := example.Kubernetes(cluster.Pod{Image: "registry.example/gomtl:1", Volume: "claim:runs", Mount: "/runs", Retries: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", manifest)
	// Output:
	// apiVersion: batch/v1
	// kind: Job
	// metadata:
	//   name: weights-of-2026
	// spec:
	//   completionMode: Indexed
	//   completions: 12
	//   parallelism: 4
	//   backoffLimitPerIndex: 3
	//   podFailurePolicy:
	//     rules:
	//       - action: Ignore
	//         onPodConditions:
	//           - type: DisruptionTarget
	//             status: "True"
	//   template:
	//     spec:
	//       restartPolicy: Never
	//       activeDeadlineSeconds: 5400
	//       containers:
	//         - name: sweep
	//           image: registry.example/gomtl:1
	//           command:
	//             - gomtl
	//             - sweep
	//             - -out=/runs/weights
	//             - -data=digits
	//             - -weights=simplex:8
	//             - -share=$(JOB_COMPLETION_INDEX)/12
	//           resources:
	//             requests:
	//               cpu: "2"
	//               memory: 4Gi
	//             limits:
	//               cpu: "2"
	//               memory: 4Gi
	//           volumeMounts:
	//             - name: shared
	//               mountPath: /runs
	//       volumes:
	//         - name: shared
	//           persistentVolumeClaim:
	//             claimName: runs
}
