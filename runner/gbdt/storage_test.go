package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mixedData has columns of every kind of storage: dense ones, one-hot ones that
// exclude each other, sparse ones, and ones of many values.
func mixedData(rows int) ([]Feature, []float64) {
	r := rand.New(rand.NewSource(31))
	var features []Feature
	add := func(name string, value func(i int) float64) {
		values := make([]float64, rows)
		for i := range values {
			values[i] = value(i)
		}
		features = append(features, Feature{Name: name, Values: values})
	}
	add("dense", func(int) float64 { return r.NormFloat64() })
	add("negative", func(int) float64 { return -math.Abs(r.NormFloat64()) })
	add("holes", func(i int) float64 {
		if i%2 == 0 {
			return math.NaN()
		}
		return r.NormFloat64()
	})
	code := make([]int, rows)
	for i := range code {
		code[i] = r.Intn(30)
	}
	for k := range 30 {
		add(fmt.Sprint("onehot", k), func(i int) float64 { return oneIf(code[i] == k) })
	}
	for k := range minSparse + 8 {
		add(fmt.Sprint("sparse", k), func(i int) float64 {
			switch {
			case r.Float64() > 0.05:
				return 0
			case k%5 == 0 && r.Float64() < 0.2:
				return math.NaN()
			case k%3 == 0:
				return r.NormFloat64()
			}
			return math.Floor(r.Float64() * 400)
		})
	}
	// Mostly 5, so that another bin than zero's is the usual one.
	add("fives", func(i int) float64 {
		if r.Float64() < 0.9 {
			return 5
		}
		return r.NormFloat64()
	})
	label := make([]float64, rows)
	for i := range label {
		label[i] = features[0].Values[i] + 0.1*float64(code[i]%7) + r.NormFloat64()
		for k := range 6 {
			if v := features[33+k].Values[i]; v == v {
				label[i] += math.Min(v, 2)
			}
		}
	}
	return features, label
}

func withoutBundleLine(text string) string {
	return strings.ReplaceAll(text, "[enable_bundle: 0]", "[enable_bundle: 1]")
}

// How bins are stored shows in nothing but time and memory: a model on bundles
// and sparse columns is that on dense ones, and so are the figures on validation
// data, where what excluded each other in training may come together.
func TestStorageDoesNotChangeTheModel(t *testing.T) {
	const rows = 4000
	features, label := mixedData(rows)
	validFeatures, validLabel := mixedData(rows / 2)
	for f := range validFeatures {
		if strings.HasPrefix(validFeatures[f].Name, "onehot") {
			for i := range 50 {
				validFeatures[f].Values[i] = 1
			}
		}
	}
	for name, change := range map[string]func(*Params){
		"plain":   func(*Params) {},
		"bagging": func(p *Params) { p.BaggingFreq, p.BaggingFraction = 1, 0.5 },
		"columns": func(p *Params) { p.FeatureFraction = 0.5 },
		"bynode":  func(p *Params) { p.FeatureFractionByNode = 0.3 },
		"dart":    func(p *Params) { p.Boosting, p.SkipDrop, p.DropRate = DART, 0, 1 },
		"wide":    func(p *Params) { p.MaxBin, p.MinDataInBin = 2000, 1 },
		"forest":  func(p *Params) { p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 1, 0.5 },
		"threads": func(p *Params) { p.NumThreads = 3 },
		"zero":    func(p *Params) { p.ZeroAsMissing = true },
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			p.NumIterations, p.Metric = 8, []string{"l2"}
			change(&p)
			train := func(bundle bool) (string, []float64) {
				p := p
				p.EnableBundle = bundle
				d, err := NewDataset(context.Background(), features, label, nil, p)
				if err != nil {
					t.Fatal(err)
				}
				kinds := map[placeKind]int{}
				for _, place := range d.places {
					kinds[place.kind]++
				}
				if bundle && (kinds[inBundle] < 20 || kinds[inSparse] < minSparse || name == "wide" && kinds[inWide] == 0) {
					t.Fatalf("the slots are kept as %v: some kind is not tested", kinds)
				}
				v, err := NewValidation(context.Background(), d, validFeatures, validLabel, nil)
				if err != nil {
					t.Fatal(err)
				}
				var figures []float64
				m, err := Train(context.Background(), d, v, p, func(it Iteration) error {
					figures = append(figures, it.Metrics["valid_l2"])
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return withoutBundleLine(modelText(t, m)), figures
			}
			sparse, sparseFigures := train(true)
			dense, denseFigures := train(false)
			if sparse != dense {
				t.Error("the storage changes the model")
			}
			if fmt.Sprint(sparseFigures) != fmt.Sprint(denseFigures) {
				t.Errorf("the storage changes the validation: %v, dense %v", sparseFigures, denseFigures)
			}
		})
	}
}

// The same in LightGBM's arithmetic, but for the last digits.
func TestStorageKeepsFloat64Figures(t *testing.T) {
	features, label := mixedData(4000)
	figure := func(bundle bool) float64 {
		p := DefaultParams()
		p.NumIterations, p.Metric, p.ProvideTrainMetric, p.HistPrecision, p.EnableBundle = 10, []string{"l2"}, true, Float64Histograms, bundle
		d, err := NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		var last float64
		if _, err := Train(context.Background(), d, nil, p, func(it Iteration) error { last = it.Metrics["train_l2"]; return nil }); err != nil {
			t.Fatal(err)
		}
		return last
	}
	if sparse, dense := figure(true), figure(false); math.Abs(sparse-dense) > 1e-3*dense {
		t.Errorf("l2 is %v with sparse columns, %v with dense ones", sparse, dense)
	}
}

// A sparse column is the dense one of the same numbers.
func TestSparseInputIsDenseInput(t *testing.T) {
	features, label := mixedData(3000)
	sparse := make([]Feature, len(features))
	for f := range features {
		c := &Sparse{NumRows: len(label)}
		for i, v := range features[f].Values {
			if v != 0 {
				c.Rows, c.Values = append(c.Rows, uint32(i)), append(c.Values, v)
			}
		}
		sparse[f] = Feature{Name: features[f].Name, Column: c}
	}
	p := DefaultParams()
	p.NumIterations, p.BinConstructSample = 4, 1000
	model := func(f []Feature) string {
		d, err := NewDataset(context.Background(), f, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		return modelText(t, m)
	}
	if model(features) != model(sparse) {
		t.Error("sparse columns give another model")
	}
	sparse[3].Column.(*Sparse).Rows[1] = 0
	if _, err := NewDataset(context.Background(), sparse, label, nil, p); err == nil || !strings.Contains(err.Error(), sparse[3].Name) {
		t.Errorf("rows out of order: got %v", err)
	}
}

// Bundled slots never meet, and every unusual bin is found again.
func TestBundlesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rows = 60
		slots := rapid.IntRange(1, 12).Draw(t, "slots")
		lists, numBins := make([]*sparseList, slots), make([]int, slots)
		for slot := range slots {
			numBins[slot] = rapid.IntRange(2, 140).Draw(t, "bins")
			list := &sparseList{}
			for row := range rows {
				if rapid.IntRange(0, 9).Draw(t, "unusual") == 0 {
					list.rows, list.bins = append(list.rows, uint32(row)), append(list.bins, uint16(rapid.IntRange(0, numBins[slot]-1).Draw(t, "bin")))
				}
			}
			lists[slot] = list
		}
		bundles, rest := bundleExclusive(rows, numBins, lists)
		seen := make([]int, slots)
		for _, slot := range rest {
			seen[slot]++
		}
		for _, bundle := range bundles {
			if len(bundle) < 2 {
				t.Fatal("a bundle of one")
			}
			bins, taken := 1, map[uint32]bool{}
			for _, slot := range bundle {
				seen[slot]++
				bins += numBins[slot]
				for _, row := range lists[slot].rows {
					if taken[row] {
						t.Fatalf("bundled slots meet in row %d", row)
					}
					taken[row] = true
				}
			}
			if bins > byteBins {
				t.Fatalf("%d bins do not fit a byte", bins)
			}
		}
		for slot, n := range seen {
			if n != 1 {
				t.Fatalf("slot %d is placed %d times", slot, n)
			}
		}
	})
}
