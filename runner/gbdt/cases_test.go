package gbdt

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// lightGBMCase is a training of LightGBM on the generated table; see
// tools/reference/gbdt_cases.py.
type lightGBMCase struct {
	Target              string
	Params              map[string]any
	Weight, Init, Group bool
	Continue            bool
	Forced              map[int][]float64
	Predictions         []float64
	Metrics             map[string]float64
}

func readCases(t testing.TB) map[string]lightGBMCase {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]lightGBMCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func readLightGBM(t testing.TB, path string) *Model {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadText(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// params are LightGBM's base parameters of all cases and the case's own.
func (c lightGBMCase) params(t testing.TB, precision string) Params {
	t.Helper()
	base := DefaultParams()
	base.MinDataPerGroup, base.NumLeaves, base.NumIterations, base.HistPrecision = 10, 8, 4, precision
	p, err := ParseParams(base, c.Params)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// caseTarget derives a target from the table's columns.
func caseTarget(columns map[string][]float64, name string) []float64 {
	if values, ok := columns[name]; ok {
		return values
	}
	y, kind, positive := columns["y"], columns["kind"], columns["positive"]
	derive := map[string]func(i int) float64{
		"count":  func(i int) float64 { return math.Floor(math.Abs(y[i])) },
		"amount": func(i int) float64 { return math.Abs(y[i]) + 0.5 },
		"claim":  func(i int) float64 { return max(y[i], 0) },
		"share":  func(i int) float64 { return (kind[i] + positive[i]) / 4 },
		"grade":  func(i int) float64 { return kind[i] + positive[i] },
	}[name]
	target := make([]float64, len(y))
	for i := range target {
		target[i] = derive(i)
	}
	return target
}

const caseTrainRows, caseQueryRows = 700, 20

// data are the case's training and validation data.
func (c lightGBMCase) data(t testing.TB, p Params) (train, valid *Dataset, raw [][]float64) {
	t.Helper()
	_, columns := readColumns(t, "testdata/tabular.csv")
	target := caseTarget(columns, c.Target)
	build := func(from, to int, make func(features []Feature, label, weight []float64) (*Dataset, error)) *Dataset {
		features, parts, _ := tabular(t, "y", from, to)
		raw = parts
		for f, bounds := range c.Forced {
			features[f].ForcedBins = bounds
		}
		label := target[from:to]
		var weight, start []float64
		for i := range label {
			weight = append(weight, 0.5+columns["few"][from+i])
			start = append(start, columns["x0"][from+i]*0.25)
		}
		if !c.Weight {
			weight = nil
		}
		d, err := make(features, label, weight)
		if err != nil {
			t.Fatal(err)
		}
		if c.Init {
			if err := d.SetInitScore(start); err != nil {
				t.Fatal(err)
			}
		}
		if c.Group {
			if err := d.SetGroups(slices.Repeat([]int{caseQueryRows}, len(label)/caseQueryRows)); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	train = build(0, caseTrainRows, func(f []Feature, label, weight []float64) (*Dataset, error) {
		return NewDataset(context.Background(), f, label, weight, p)
	})
	valid = build(caseTrainRows, len(target), func(f []Feature, label, weight []float64) (*Dataset, error) {
		return NewValidation(context.Background(), train, f, label, weight)
	})
	return train, valid, raw
}

// Every objective, option and kind of tree grows LightGBM's own trees and gives
// LightGBM's own figures of them.
func TestCasesEqualLightGBM(t *testing.T) {
	for name, c := range readCases(t) {
		for precision, tolerance := range map[string]float64{Float64Histograms: 2e-7, PackedHistograms: 2e-5} {
			t.Run(name+"/"+precision, func(t *testing.T) {
				want := readLightGBM(t, "testdata/cases/"+name+".txt")
				p := c.params(t, precision)
				train, valid, raw := c.data(t, p)
				var figures map[string]float64
				options := Options{Callbacks: []Callback{func(it Iteration) error { figures = it.Metrics; return nil }}}
				if c.Continue {
					_, first, _ := tabular(t, "y", 0, caseTrainRows)
					model := readLightGBM(t, "testdata/cases/"+name+"_first.txt")
					model.featureNames = tabularFeatures // LightGBM had no names
					options.Continue = &Continue{Model: model, TrainColumns: first, ValidColumns: raw}
				}
				got, err := TrainWith(context.Background(), train, valid, p, options)
				if err != nil {
					t.Fatal(err)
				}
				if len(got.trees) != len(want.trees) {
					t.Fatalf("%d trees, LightGBM has %d", len(got.trees), len(want.trees))
				}
				for i, tree := range got.trees {
					sameTree(t, i, tree, want.trees[i], tolerance)
				}
				for metric, v := range c.Metrics {
					if math.Abs(figures["valid_"+metric]-v) > 10*tolerance*(1+math.Abs(v)) {
						t.Errorf("%s: got %v, LightGBM has %v", metric, figures["valid_"+metric], v)
					}
				}
				for i := range raw {
					raw[i] = raw[i][:40]
				}
				theirs, err := want.Predict(raw)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range theirs {
					if math.Abs(v-c.Predictions[i]) > 1e-12*(1+math.Abs(v)) {
						t.Errorf("prediction %d of LightGBM's model: got %v, LightGBM gives %v", i, v, c.Predictions[i])
					}
				}
			})
		}
	}
}
