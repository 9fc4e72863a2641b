package gbdt

import (
	"bufio"
	"bytes"
	"context"
	"math"
	"math/rand"
	"os"
	"testing"

	"github.com/dmitryikh/leaves"
)

// Our text loads in leaves, an independent reader of LightGBM's models, and
// predicts the same there and after reading it back here.
func TestTextPredictsTheSameInLeaves(t *testing.T) {
	for _, c := range []struct {
		name, target string
		change       func(*Params)
	}{
		{"regression", "y", func(p *Params) {}},
		{"binary", "positive", func(p *Params) { p.Objective = Binary }},
		{"multiclass", "kind", func(p *Params) { p.Objective, p.NumClass = Multiclass, 3 }},
		{"forest", "positive", func(p *Params) {
			p.Objective, p.Boosting, p.BaggingFreq, p.BaggingFraction = Binary, RandomForest, 1, 0.6
		}},
		{"bagged columns", "y", func(p *Params) { p.FeatureFraction, p.FeatureFractionByNode = 0.7, 0.7 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := DefaultParams()
			p.NumIterations, p.MinDataPerGroup = 15, 10
			c.change(&p)
			m := trainTabular(t, c.target, 700, p)
			var text bytes.Buffer
			if err := m.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			again, err := ReadText(bytes.NewReader(text.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := leaves.LGEnsembleFromReader(bufio.NewReader(bytes.NewReader(text.Bytes())), false)
			if err != nil {
				t.Fatal(err)
			}
			_, columns, _ := tabular(t, c.target, 700, -1)
			spoil(columns)
			raw, err := m.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			back, err := again.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			row, want := make([]float64, len(columns)), make([]float64, m.NumOutputs())
			transformed, err := m.Predict(columns)
			if err != nil {
				t.Fatal(err)
			}
			single := make([]float64, m.NumOutputs())
			for i := range columns[0] {
				for f := range row {
					row[f] = columns[f][i]
				}
				if err := theirs.Predict(row, 0, want); err != nil {
					t.Fatal(err)
				}
				m.PredictRow(row, single)
				for k := range want {
					at := i*len(want) + k
					if math.Abs(raw[at]-want[k]) > 1e-12 {
						t.Fatalf("row %d: %v here, %v in leaves", i, raw[at], want[k])
					}
					if raw[at] != back[at] {
						t.Fatalf("row %d: %v before, %v after writing and reading", i, raw[at], back[at])
					}
					if transformed[at] != single[k] {
						t.Fatalf("row %d: %v in a batch, %v alone", i, transformed[at], single[k])
					}
				}
			}
		})
	}
}

// The text of every objective and kind of boosting has version v3, loads in
// leaves, which knows no later one, and predicts the same there. Only linear trees,
// which are newer, have v4.
func TestTextsHaveTheOldestVersionThatHoldsThem(t *testing.T) {
	columns := probeRows(t)
	for i, v := range columns[6] {
		if v != v {
			columns[6][i] = 3 // leaves has its own way with a missing category
		}
	}
	for name, c := range oursCases() {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/ours/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			version := "v3"
			if c.Params["linear_tree"] == true {
				version = "v4"
			}
			if !bytes.Contains(text, []byte("\nversion="+version+"\n")) {
				t.Errorf("the version is not %s", version)
			}
			if version != "v3" {
				return
			}
			theirs, err := leaves.LGEnsembleFromReader(bufio.NewReader(bytes.NewReader(text)), false)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ReadText(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := m.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			row, want := make([]float64, len(columns)), make([]float64, 0, len(raw))
			for i := range columns[0] {
				for f := range row {
					row[f] = columns[f][i]
				}
				scores := make([]float64, m.NumOutputs())
				if err := theirs.Predict(row, 0, scores); err != nil {
					t.Fatal(err)
				}
				want = append(want, scores...)
			}
			near(t, "raw score", raw, want, 1e-12)
		})
	}
}

// spoil puts missing values, unseen categories and extremes into columns.
func spoil(columns [][]float64) {
	r := rand.New(rand.NewSource(5))
	odd := []float64{math.NaN(), 0, math.Inf(1), math.Inf(-1), 1e-40, -1e-40, 3}
	for f, column := range columns {
		column = append([]float64(nil), column...)
		for i := range column {
			if r.Intn(4) > 0 {
				continue
			}
			column[i] = odd[r.Intn(len(odd))]
			if f >= 5 {
				// leaves has its own way with NaN where training had none.
				column[i] = float64(r.Intn(60) - 5)
			}
		}
		columns[f] = column
	}
}

// The text of a model does not depend on the number of threads, with either
// kind of histogram, on data large enough for every parallel path.
func TestModelDoesNotDependOnThreads(t *testing.T) {
	features, raw, label := benchmarkData(chunkRows+1000, 9)
	for i := range raw[4] {
		raw[4][i] = math.Floor(math.Abs(raw[4][i]) * 12)
		if i%7 == 0 {
			raw[5][i] = math.NaN()
		}
	}
	features[4].Categorical = true
	for _, c := range []struct {
		name   string
		change func(*Params)
	}{
		{"packed", func(p *Params) {}},
		{"float64", func(p *Params) { p.HistPrecision = Float64Histograms }},
		{"forest", func(p *Params) {
			p.Boosting, p.BaggingFreq, p.BaggingFraction, p.FeatureFractionByNode = RandomForest, 1, 0.5, 0.5
		}},
		{"multiclass", func(p *Params) { p.Objective, p.NumClass = Multiclass, 2 }},
		{"regression", func(p *Params) {
			p.Objective, p.FeatureFraction, p.BaggingFreq, p.BaggingFraction = Regression, 0.6, 2, 0.8
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var first []byte
			all := []int{1, 3}
			if c.name == "packed" {
				all = []int{1, 2, 3, 8}
			}
			for _, threads := range all {
				p := DefaultParams()
				p.Objective, p.NumIterations, p.NumLeaves, p.Seed, p.NumThreads = Binary, 2, 16, 9, threads
				c.change(&p)
				d, err := NewDataset(context.Background(), features, label, nil, p)
				if err != nil {
					t.Fatal(err)
				}
				m, err := Train(context.Background(), d, nil, p)
				if err != nil {
					t.Fatal(err)
				}
				var text bytes.Buffer
				if err := m.WriteText(&text); err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = text.Bytes()
				} else if !bytes.Equal(first, text.Bytes()) {
					t.Fatalf("%d threads give another model than one", threads)
				}
			}
		})
	}
}
