package plotting

import "math"

// maxBuckets bounds the points of a curve as wide as the figure: two for each bucket.
const maxBuckets = 480

// reduction is a curve of any length in bounded memory. It keeps the smallest and the largest value of each bucket of
// consecutive points, so no spike is lost, and the mean for the smoothed curve. Adding a point costs O(1) on average.
type reduction struct {
	buckets []bucket
	width   int // points in a full bucket
	limit   int // of buckets; maxBuckets when 0
}

type bucket struct {
	points    int
	finite    int // of the points, those with a finite value
	low, high xy
	mean      xy // of the finite points
}

type xy struct{ x, y float64 }

func reduce(xs, ys []float64) *reduction {
	var r reduction
	for i := range xs {
		r.add(xs[i], ys[i])
	}
	return &r
}

// add appends a point; a value that is NaN or infinite leaves a gap.
func (r *reduction) add(x, y float64) {
	if n := len(r.buckets); n == 0 || r.buckets[n-1].points >= r.width {
		if r.limit == 0 {
			r.limit = maxBuckets
		}
		if n == r.limit {
			r.halve()
		}
		r.width = max(r.width, 1)
		r.buckets = append(r.buckets, bucket{})
	}
	last := &r.buckets[len(r.buckets)-1]
	point := bucket{points: 1}
	if isFinite(y) {
		point = bucket{points: 1, finite: 1, low: xy{x, y}, high: xy{x, y}, mean: xy{x, y}}
	}
	last.merge(point)
}

func (r *reduction) halve() {
	for i := 0; i < len(r.buckets); i += 2 {
		merged := r.buckets[i]
		if i+1 < len(r.buckets) {
			merged.merge(r.buckets[i+1])
		}
		r.buckets[i/2] = merged
	}
	r.buckets = r.buckets[:(len(r.buckets)+1)/2]
	r.width *= 2
}

func (b *bucket) merge(other bucket) {
	if other.finite > 0 {
		if b.finite == 0 || other.low.y < b.low.y {
			b.low = other.low
		}
		if b.finite == 0 || other.high.y > b.high.y {
			b.high = other.high
		}
		share := float64(other.finite) / float64(b.finite+other.finite)
		b.mean = xy{mix(b.mean.x, other.mean.x, share), mix(b.mean.y, other.mean.y, share)}
	}
	b.points += other.points
	b.finite += other.finite
}

// points returns the curve with its extremes, in order of x; a NaN marks a gap.
func (r *reduction) points() (ps []xy) {
	for _, b := range r.buckets {
		switch {
		case b.finite == 0:
		case b.low.x == b.high.x:
			ps = append(ps, b.low)
		case b.low.x < b.high.x:
			ps = append(ps, b.low, b.high)
		default:
			ps = append(ps, b.high, b.low)
		}
		if b.finite < b.points {
			ps = append(ps, gap)
		}
	}
	return ps
}

// means returns one point a bucket, its mean; a NaN marks a gap.
func (r *reduction) means() (ps []xy) {
	for _, b := range r.buckets {
		if b.finite > 0 {
			ps = append(ps, b.mean)
		}
		if b.finite < b.points {
			ps = append(ps, gap)
		}
	}
	return ps
}

var gap = xy{math.NaN(), math.NaN()}

func (p xy) isGap() bool { return math.IsNaN(p.y) }

// last is the newest value, a mean where the newest bucket holds several; false when there is none.
func (r *reduction) last() (float64, bool) {
	for i := len(r.buckets) - 1; i >= 0; i-- {
		if b := r.buckets[i]; b.finite > 0 {
			return b.mean.y, true
		}
	}
	return 0, false
}
