package gbdt

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"mlops/needs"
	"mlops/runner/metrics"
)

// The figures come from tools/reference/gbdt.py.
type reference struct {
	TrainRows int `json:"train_rows"`
	Cases     map[string]struct {
		Params      map[string]any
		Target      string
		Iterations  int
		Metric      float64
		Predictions []float64
	}
	Models map[string]struct {
		Rows            [][]*float64
		Raw, Prediction []float64
		Gain, Split     []float64
	}
	Forest     struct{ AUC, RMSE float64 }
	HiggsSmall struct {
		AUC       float64
		ForestAUC float64 `json:"forest_auc"`
	} `json:"higgs_small"`
}

func readReference(t testing.TB) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// readColumns reads a CSV of numbers; an empty cell is missing.
func readColumns(t testing.TB, path string) (names []string, columns map[string][]float64) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names, columns = records[0], map[string][]float64{}
	for _, record := range records[1:] {
		for j, cell := range record {
			v := math.NaN()
			if cell != "" {
				if v, err = strconv.ParseFloat(cell, 64); err != nil {
					t.Fatal(err)
				}
			}
			columns[names[j]] = append(columns[names[j]], v)
		}
	}
	return names, columns
}

var tabularFeatures = []string{"x0", "x1", "x2", "x3", "gap", "few", "many"}

// tabular gives the rows from..to-1 of the generated table.
func tabular(t testing.TB, target string, from, to int) (features []Feature, raw [][]float64, label []float64) {
	t.Helper()
	_, columns := readColumns(t, "testdata/tabular.csv")
	if to < 0 {
		to = len(columns[target])
	}
	for _, name := range tabularFeatures {
		values := columns[name][from:to]
		raw = append(raw, values)
		features = append(features, Feature{Name: name, Values: values, Categorical: name == "few" || name == "many"})
	}
	return features, raw, columns[target][from:to]
}

func trainTabular(t testing.TB, target string, rows int, p Params) *Model {
	t.Helper()
	features, _, label := tabular(t, target, 0, rows)
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func classesOf(label []float64) []int {
	classes := make([]int, len(label))
	for i, v := range label {
		classes[i] = int(v)
	}
	return classes
}

// figureOf is the reference's figure: rmse, multiclass log loss or AUC.
func figureOf(t testing.TB, m *Model, label, prediction []float64) float64 {
	t.Helper()
	var figure float64
	var err error
	switch m.Objective() {
	case Regression:
		figure = metrics.RMSE(label, prediction)
	case Multiclass:
		figure, err = metrics.LogLoss(classesOf(label), prediction, m.NumClass())
	default:
		figure, err = metrics.ROCAUC(classesOf(label), prediction)
	}
	if err != nil {
		t.Fatal(err)
	}
	return figure
}

// lightGBMParams are a case's parameters as the reference used them.
func lightGBMParams(t testing.TB, given map[string]any, precision string) Params {
	t.Helper()
	base := DefaultParams()
	base.MinDataPerGroup, base.HistPrecision = 10, precision
	p, err := ParseParams(base, given)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The first trees are LightGBM's own, node by node. Values agree to about the
// precision of LightGBM's labels, which are float32.
func TestTrainGrowsTheTreesOfLightGBM(t *testing.T) {
	ref := readReference(t)
	for name, c := range ref.Cases {
		for precision, tolerance := range map[string]float64{Float64Histograms: 1e-7, PackedHistograms: 1e-5} {
			t.Run(name+"/"+precision, func(t *testing.T) {
				text, err := os.ReadFile("testdata/lightgbm_" + name + ".txt")
				if err != nil {
					t.Fatal(err)
				}
				want, err := ReadText(bytes.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				p := lightGBMParams(t, c.Params, precision)
				p.NumIterations, p.NumLeaves = 4, 8
				got := trainTabular(t, c.Target, ref.TrainRows, p)
				if len(got.trees) != len(want.trees) {
					t.Fatalf("%d trees, LightGBM has %d", len(got.trees), len(want.trees))
				}
				for i, tree := range got.trees {
					sameTree(t, i, tree, want.trees[i], tolerance)
				}
			})
		}
	}
}

func sameTree(t *testing.T, index int, got, want *tree, tolerance float64) {
	t.Helper()
	if !slices.Equal(got.feature, want.feature) || !slices.Equal(got.threshold, want.threshold) ||
		!slices.Equal(got.decision, want.decision) || !slices.Equal(got.left, want.left) || !slices.Equal(got.right, want.right) ||
		!slices.Equal(got.leafCount, want.leafCount) || !slices.Equal(got.nodeCount, want.nodeCount) ||
		!slices.Equal(got.catBoundaries, want.catBoundaries) || !slices.Equal(got.catThreshold, want.catThreshold) ||
		got.shrinkage != want.shrinkage {
		t.Fatalf("tree %d:\n%s\nLightGBM has\n%s", index, got.text(index, false), want.text(index, false))
	}
	near := func(what string, got, want []float64, tolerance float64) {
		for i := range want {
			if math.Abs(got[i]-want[i]) > tolerance*(1+math.Abs(want[i])) {
				t.Errorf("tree %d: %s %d: got %v, LightGBM has %v", index, what, i, got[i], want[i])
			}
		}
	}
	near("leaf_value", got.leafValue, want.leafValue, tolerance)
	if len(got.linear) != len(want.linear) {
		t.Fatalf("tree %d: %d linear leaves, LightGBM has %d", index, len(got.linear), len(want.linear))
	}
	for leaf, model := range got.linear {
		if !slices.Equal(model.features, want.linear[leaf].features) {
			t.Fatalf("tree %d: leaf %d is linear in %v, LightGBM in %v", index, leaf, model.features, want.linear[leaf].features)
		}
		near("leaf_const", []float64{model.constant}, []float64{want.linear[leaf].constant}, 10*tolerance)
		near("leaf_coeff", model.coefficients, want.linear[leaf].coefficients, 10*tolerance)
	}
	near("leaf_weight", got.leafWeight, want.leafWeight, tolerance)
	// LightGBM's text holds six digits of these.
	near("internal_value", got.nodeValue, want.nodeValue, max(tolerance, 1e-5))
	near("internal_weight", got.nodeWeight, want.nodeWeight, max(tolerance, 1e-5))
}

func TestReadTextReadsLightGBM(t *testing.T) {
	for name, want := range readReference(t).Models {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/lightgbm_" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			m, err := ReadText(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			columns := make([][]float64, m.NumFeatures())
			for _, row := range want.Rows {
				for f, cell := range row {
					v := math.NaN()
					if cell != nil {
						v = *cell
					}
					columns[f] = append(columns[f], v)
				}
			}
			check := func(kind string, got []float64, err error, want []float64) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					if math.Abs(got[i]-want[i]) > 1e-12 {
						t.Errorf("%s %d: got %v, LightGBM has %v", kind, i, got[i], want[i])
					}
				}
			}
			raw, err := m.PredictRaw(columns)
			check("raw", raw, err, want.Raw)
			prediction, err := m.Predict(columns)
			check("prediction", prediction, err, want.Prediction)
			for f, gain := range m.FeatureImportance("gain") {
				// The text holds six digits of each gain.
				if math.Abs(gain-want.Gain[f]) > 1e-4*(1+want.Gain[f]) {
					t.Errorf("gain of feature %d: got %v, LightGBM has %v", f, gain, want.Gain[f])
				}
			}
			check("split", m.FeatureImportance("split"), nil, want.Split)
		})
	}
}

// higgs reads the real data where it is present.
func higgs(t testing.TB, part string) ([]Feature, [][]float64, []float64) {
	t.Helper()
	path := needs.RealData(t, "tabular", "higgs_small_"+part+".csv")
	names, columns := readColumns(t, path)
	var features []Feature
	var raw [][]float64
	for _, name := range names {
		if name != "label" {
			raw = append(raw, columns[name])
			features = append(features, Feature{Name: name, Values: columns[name]})
		}
	}
	return features, raw, columns["label"]
}
