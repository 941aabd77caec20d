package report

import (
	"math"
	"runtime/metrics"
)

// A Slice of a histogram of times: how many were from FromNS to ToNS long.
// A bound of -1 is open.
type Slice struct {
	FromNS int64  `json:"from_ns"`
	ToNS   int64  `json:"to_ns"`
	Count  uint64 `json:"count"`
}

// A Histogram counts times since the moment of its making.
type Histogram struct {
	name   string
	before *metrics.Float64Histogram
}

// HistogramOf starts a histogram of a metric in seconds, such as
// "/sched/latencies:seconds".
func HistogramOf(name string) Histogram {
	return Histogram{name, readHistogram(name)}
}

// Since gives the slices that counted anything. There are none where this Go
// release has no metric of that name.
func (h Histogram) Since() []Slice {
	slices := []Slice{}
	if h.before == nil {
		return slices
	}
	now := readHistogram(h.name)
	for i, count := range now.Counts {
		if more := count - h.before.Counts[i]; more > 0 {
			slices = append(slices, Slice{bound(now.Buckets[i]), bound(now.Buckets[i+1]), more})
		}
	}
	return slices
}

func readHistogram(name string) *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	return sample[0].Value.Float64Histogram()
}

func bound(seconds float64) int64 {
	if math.IsInf(seconds, 0) {
		return -1
	}
	return int64(seconds * 1e9)
}
