package mtl

import (
	"fmt"
	"math/rand/v2"
)

// sampler gives the row numbers of each step: every epoch is a new permutation, a pure function of seed and epoch, so that a resumed run
// sees the batches that it would have seen. The rows left over at an epoch's end, fewer than a batch, are skipped.
type sampler struct {
	seed        int64
	rows, batch int
	epoch       int
	permutation []int
}

func newSampler(seed int64, rows, batch int) *sampler {
	return &sampler{seed: seed, rows: rows, batch: batch, epoch: -1}
}

func (s *sampler) perEpoch() int { return s.rows / s.batch }

// leftOver says how many rows each epoch leaves out, for the run's header; nothing where it is less than one in twenty.
func leftOver(rows, batch int) string {
	left := rows % batch
	if 20*left <= rows {
		return ""
	}
	return fmt.Sprintf("%d of %d training rows are left over in each epoch, others each time: %d is no multiple of the batch size %d", left, rows, rows, batch)
}

// next returns the rows of count steps from step on, [count·batch].
func (s *sampler) next(step, count int) []int32 {
	rows := make([]int32, 0, count*s.batch)
	for ; count > 0; count, step = count-1, step+1 {
		if epoch := step / s.perEpoch(); epoch != s.epoch {
			s.epoch = epoch
			s.permutation = rand.New(rand.NewPCG(uint64(s.seed), uint64(epoch))).Perm(s.rows)
		}
		at := step % s.perEpoch() * s.batch
		for _, row := range s.permutation[at : at+s.batch] {
			rows = append(rows, int32(row))
		}
	}
	return rows
}
