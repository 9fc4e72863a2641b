package gbdt

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// The generated sets of tools/reference/gbdt_quality.py, number by number.
const (
	noiseStream = 5000
	holesStream = 100000
	extraStream = 200000
)

func uniformColumn(seed, stream, rows int) []float64 {
	start := mix(uint64(seed) + goldenGamma*uint64(stream))
	values := make([]float64, rows)
	for row := range values {
		values[row] = float64(mix(start+goldenGamma*uint64(row))>>11) / (1 << 53)
	}
	return values
}

func bellColumn(seed, stream, rows int) []float64 {
	sum := uniformColumn(seed, 4*stream, rows)
	for i := 1; i < 4; i++ {
		for row, v := range uniformColumn(seed, 4*stream+i, rows) {
			sum[row] += v
		}
	}
	for row := range sum {
		sum[row] -= 2
	}
	return sum
}

func bellColumns(seed, rows, columns int) [][]float64 {
	x := make([][]float64, columns)
	for c := range x {
		x[c] = bellColumn(seed, c, rows)
	}
	return x
}

// noisySignal is what the labels are made of.
func noisySignal(seed int, x [][]float64) []float64 {
	score := bellColumn(seed, noiseStream, len(x[0]))
	for row := range score {
		signal := float64(3*x[0][row]) + float64(4*float64(x[1][row]*x[2][row]))
		signal += float64(2 * float64(x[3][row]*x[3][row]))
		score[row] = signal + score[row]
	}
	return score
}

func above05(score []float64) []float64 {
	label := make([]float64, len(score))
	for row, v := range score {
		label[row] = oneIf(v > 0.5)
	}
	return label
}

type qualitySet struct {
	columns       [][]float64
	label, weight []float64
	group         int
	categorical   int // column; -1: none
}

// holes puts a value into some rows of each column.
func holes(seed int, x [][]float64, share, value float64) {
	for c := range x {
		for row, u := range uniformColumn(seed, holesStream+c, len(x[c])) {
			if u < share {
				x[c][row] = value
			}
		}
	}
}

func buildQualitySet(name string, seed int) qualitySet {
	s := qualitySet{categorical: -1}
	switch name {
	case "dense":
		s.columns = bellColumns(seed, 4000, 10)
		s.label = noisySignal(seed, s.columns)
	case "weights":
		s.columns = bellColumns(seed, 4000, 6)
		s.label = noisySignal(seed, s.columns)
		s.weight = uniformColumn(seed, extraStream, 4000)
		for row, u := range s.weight {
			w := 1 + math.Floor(u*50)
			s.weight[row] = w * w
		}
	case "missing":
		s.columns = bellColumns(seed, 4000, 8)
		s.label = above05(noisySignal(seed, s.columns))
		holes(seed, s.columns, 0.4, math.NaN())
	case "categories":
		x := bellColumns(seed, 6000, 4)
		code := uniformColumn(seed, extraStream, 6000)
		effect := uniformColumn(seed, extraStream+1, 200)
		score := make([]float64, 6000)
		noise := bellColumn(seed, noiseStream, 6000)
		for row := range score {
			code[row] = math.Floor(code[row] * 200)
			signal := float64(3*x[0][row]) + float64(4*float64(x[1][row]*x[2][row]))
			signal += float64(2 * float64(x[3][row]*x[3][row]))
			score[row] = signal + float64(4*(effect[int(code[row])]-0.5)) + noise[row]
		}
		s.columns, s.label, s.categorical = append(x, code), above05(score), 4
	case "tiny":
		s.columns = bellColumns(seed, 300, 5)
		s.label = above05(noisySignal(seed, s.columns))
	case "wide":
		s.columns = bellColumns(seed, 400, 2000)
		s.label = noisySignal(seed, s.columns)
	case "sparse":
		s.columns = bellColumns(seed, 4000, 60)
		holes(seed, s.columns, 0.9, 0)
		s.label = noisySignal(seed, s.columns)
	case "imbalanced":
		s.columns = bellColumns(seed, 20040, 5)
		s.label = noisySignal(seed, s.columns)
		sorted := slices.Sorted(slices.Values(s.label))
		threshold := sorted[len(sorted)-40]
		for row, v := range s.label {
			s.label[row] = oneIf(v >= threshold)
		}
	case "ranking":
		s.columns, s.group = bellColumns(seed, 4000, 6), 20
		s.label = noisySignal(seed, s.columns)
		for row, v := range s.label {
			s.label[row] = max(0, min(3, math.Floor(v)))
		}
	}
	return s
}

// figure trains on the first half and gives the only metric of the second one.
func (s qualitySet) figure(t *testing.T, p Params) float64 {
	t.Helper()
	half := len(s.label) / 2
	part := func(from, to int, build func(f []Feature, label, weight []float64) (*Dataset, error)) *Dataset {
		features := make([]Feature, len(s.columns))
		for c, values := range s.columns {
			features[c] = Feature{Name: "c" + string(rune('0'+c)), Values: values[from:to], Categorical: c == s.categorical}
		}
		var weight []float64
		if s.weight != nil {
			weight = s.weight[from:to]
		}
		d, err := build(features, s.label[from:to], weight)
		if err != nil {
			t.Fatal(err)
		}
		if s.group > 0 {
			if err := d.SetGroups(slices.Repeat([]int{s.group}, half/s.group)); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	train := part(0, half, func(f []Feature, label, weight []float64) (*Dataset, error) {
		return NewDataset(context.Background(), f, label, weight, p)
	})
	valid := part(half, len(s.label), func(f []Feature, label, weight []float64) (*Dataset, error) {
		return NewValidation(context.Background(), train, f, label, weight)
	})
	var last float64
	_, err := Train(context.Background(), train, valid, p, func(it Iteration) error {
		for _, v := range it.Metrics {
			last = v
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// On sets of many kinds the mean metric is within 0.3 of the deviation between
// LightGBM's own seeds, or a thousandth, of LightGBM's.
func TestQualityOnGeneratedSets(t *testing.T) {
	if underRace {
		t.Skip("compares figures, which the race detector only slows: make unit runs it without")
	}
	data, err := os.ReadFile("testdata/quality.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets map[string]struct {
		Params    map[string]any
		Figures   []float64
		Deviation float64
	}
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	for name, set := range sets {
		for _, precision := range []string{PackedHistograms, Float64Histograms} {
			t.Run(name+"/"+precision, func(t *testing.T) {
				p := DefaultParams()
				p.NumIterations, p.HistPrecision = 30, precision
				p, err := ParseParams(p, set.Params)
				if err != nil {
					t.Fatal(err)
				}
				var ours, theirs float64
				for draw, figure := range set.Figures {
					ours += buildQualitySet(name, draw).figure(t, p) / float64(len(set.Figures))
					theirs += figure / float64(len(set.Figures))
				}
				t.Logf("%v, LightGBM has %v ± %v", ours, theirs, set.Deviation)
				if math.Abs(ours-theirs) > max(0.3*set.Deviation, 1e-3*math.Abs(theirs)) {
					t.Errorf("mean %v, LightGBM has %v ± %v", ours, theirs, set.Deviation)
				}
			})
		}
	}
}
