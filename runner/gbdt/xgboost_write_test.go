package gbdt

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writtenModels are small models of every form that WriteXGBoost has, checked in as
// text and as what XGBoost is given. With -update they are trained anew; then
// tools/reference/xgboost_mode.py must be run.
var writtenModels = map[string]func(*Params, []float64){
	"regression":    func(*Params, []float64) {},
	"regression_l1": func(p *Params, _ []float64) { p.Objective = RegressionL1 },
	"binary":        func(p *Params, label []float64) { p.Objective = Binary; relabel(label, above0) },
	"steep":         func(p *Params, label []float64) { p.Objective, p.Sigmoid = Binary, 2; relabel(label, above0) },
	"cross_entropy": func(p *Params, label []float64) { p.Objective = CrossEntropy; relabel(label, above0) },
	"poisson":       func(p *Params, label []float64) { p.Objective = Poisson; relabel(label, math.Abs) },
	"gamma":         func(p *Params, label []float64) { p.Objective = Gamma; relabel(label, math.Exp) },
	"tweedie": func(p *Params, label []float64) {
		p.Objective, p.TweedieVariancePower = Tweedie, 1.3
		relabel(label, math.Abs)
	},
	"multiclass":    func(p *Params, label []float64) { p.Objective, p.NumClass = Multiclass, 3; relabel(label, third) },
	"multiclassova": func(p *Params, label []float64) { p.Objective, p.NumClass = MulticlassOVA, 3; relabel(label, third) },
	"lambdarank":    func(p *Params, label []float64) { p.Objective = LambdaRank; relabel(label, third) },
	"dart":          func(p *Params, _ []float64) { p.Boosting = DART },
	"forest": func(p *Params, _ []float64) {
		p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 1, 0.6
	},
}

func relabel(label []float64, f func(float64) float64) {
	for row, v := range label {
		label[row] = f(v)
	}
}

func above0(v float64) float64 { return oneIf(v > 0) }
func third(v float64) float64  { return oneIf(v > -0.5) + oneIf(v > 1.5) }

// writtenSet has a column without missing values, one with some, one of categories,
// and one of few values, zero among them; all are float32's.
func writtenSet(seed, rows int) (columns [][]float64, label []float64) {
	x := bellColumns(seed, rows, 4)
	holes(seed, x[1:3], 0.2, math.NaN())
	for row := range rows {
		x[0][row], x[1][row] = float64(float32(x[0][row])), float64(float32(x[1][row]))
		x[2][row] = math.Floor(12 * (x[2][row] + 2))
		x[3][row] = math.Round(4*x[3][row]) / 4
		shift := 0.0
		if !math.IsNaN(x[2][row]) {
			shift = math.Mod(x[2][row], 3) - 1
		}
		y := 2*x[0][row] + x[3][row]*x[3][row] + shift
		if !math.IsNaN(x[1][row]) {
			y += 1.5 * x[1][row]
		}
		label = append(label, y)
	}
	return x, label
}

func trainWritten(t testing.TB, change func(*Params, []float64)) *Model {
	t.Helper()
	columns, label := writtenSet(1, 400)
	p := DefaultParams()
	p.NumIterations, p.NumLeaves, p.MinDataInLeaf, p.MinDataPerGroup, p.LearningRate = 4, 12, 5, 5, 0.3
	change(&p, label)
	features := make([]Feature, len(columns))
	for c, name := range []string{"age", "blood pressure", "kind", `"dose"`} {
		features[c] = Feature{Name: name, Values: columns[c], Categorical: c == 2}
	}
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	if p.Objective == LambdaRank {
		if err := d.SetGroups([]int{200, 200}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// writtenRows are new rows, and rows with a number at a threshold of a model, and
// the float32s around it.
func writtenRows(models map[string]*Model) (rows [][]float64) {
	columns, _ := writtenSet(2, 40)
	for row := range columns[0] {
		rows = append(rows, []float64{columns[0][row], columns[1][row], columns[2][row], columns[3][row]})
	}
	with := func(feature int, v float64) {
		row := append([]float64{}, rows[len(rows)%40]...)
		row[feature] = v
		rows = append(rows, row)
	}
	for _, name := range []string{"regression", "binary"} {
		for _, tree := range models[name].trees {
			for node, feature := range tree.feature {
				if feature == 2 {
					continue
				}
				border := condition(tree.threshold[node])
				with(int(feature), float64(border))
				with(int(feature), float64(math.Nextafter32(border, float32(math.Inf(-1)))))
			}
		}
	}
	for feature := range 4 {
		with(feature, math.NaN())
	}
	for _, v := range []float64{-1, 47, 48, 1000, 1 << 24, 1e9} {
		with(2, v)
	}
	return rows
}

type writtenScores struct {
	Rows   [][]*float64 `json:"rows"`
	Models map[string]struct{ Margins, Predictions []float64 }
}

func updateWritten(t *testing.T, dir string) {
	t.Helper()
	models := map[string]*Model{}
	for name, change := range writtenModels {
		m := trainWritten(t, change)
		models[name] = m
		var text, given bytes.Buffer
		if err := m.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".txt", text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readLightGBM(t, path+".txt").WriteXGBoost(&given); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".json", given.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var ref writtenScores
	for _, row := range writtenRows(models) {
		cells := make([]*float64, len(row))
		for f := range row {
			if !math.IsNaN(row[f]) {
				cells[f] = &row[f]
			}
		}
		ref.Rows = append(ref.Rows, cells)
	}
	data, err := json.Marshal(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "scores.json"), append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// XGBoost scores the models that we write as we do; see the reference script. What
// ReadXGBoost makes of them scores alike, too.
func TestWriteXGBoostPredictsTheSameInXGBoost(t *testing.T) {
	dir := filepath.Join("testdata", "xgboost", "written")
	if *update {
		updateWritten(t, dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "scores.json"))
	if err != nil {
		t.Fatal(err)
	}
	var ref writtenScores
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	columns := make([][]float64, len(ref.Rows[0]))
	for _, row := range ref.Rows {
		for f, v := range row {
			columns[f] = append(columns[f], math.NaN())
			if v != nil {
				columns[f][len(columns[f])-1] = *v
			}
		}
	}
	for name := range writtenModels {
		t.Run(name, func(t *testing.T) {
			m := readLightGBM(t, filepath.Join(dir, name+".txt"))
			var written bytes.Buffer
			if err := m.WriteXGBoost(&written); err != nil {
				t.Fatal(err)
			}
			stored, err := os.ReadFile(filepath.Join(dir, name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written.Bytes(), stored) {
				t.Error("what is written is not what XGBoost was given")
			}
			again, err := ReadXGBoost(bytes.NewReader(stored))
			if err != nil {
				t.Fatal(err)
			}
			if again.Objective() != m.Objective() && name != "multiclassova" {
				t.Errorf("the objective %s becomes %s", m.Objective(), again.Objective())
			}
			want := ref.Models[name]
			predicted, err := m.Predict(columns)
			if err != nil {
				t.Fatal(err)
			}
			nearXGBoost(t, "predictions", predicted, want.Predictions)
			back, err := again.Predict(columns)
			if err != nil {
				t.Fatal(err)
			}
			nearXGBoost(t, "read back", back, predicted)
			raw, err := m.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			for i := range raw {
				if name == "steep" {
					raw[i] *= 2 // the sigmoid is in the leaves there
				}
			}
			nearXGBoost(t, "margins", raw, want.Margins)
		})
	}
}

// A model of XGBoost, categories included, is the same after writing and reading.
func TestWriteXGBoostKeepsXGBoostsModels(t *testing.T) {
	ref, columns := readXGBoostReference(t, "3.2.0")
	for name := range ref.Models {
		m := readXGBoostFile(t, "3.2.0_"+name+".json")
		var written bytes.Buffer
		if err := m.WriteXGBoost(&written); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := ReadXGBoost(&written)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := m.Predict(columns)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Predict(columns)
		if err != nil {
			t.Fatal(err)
		}
		nearXGBoost(t, name, got, want)
		if strings.Join(again.FeatureNames(), "|") != strings.Join(m.FeatureNames(), "|") || again.NumTrees() != m.NumTrees() {
			t.Errorf("%s: features %q, %d trees", name, again.FeatureNames(), again.NumTrees())
		}
	}
}

// Every float32 falls on the same side of a threshold and of its condition.
func TestConditionIsTheThresholdInFloat32(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threshold := math.Float64frombits(rapid.Uint64().Draw(t, "threshold"))
		if rapid.Bool().Draw(t, "near a float32") {
			threshold = float64(math.Float32frombits(rapid.Uint32().Draw(t, "threshold")))
			threshold = math.Nextafter(threshold, rapid.SampledFrom([]float64{math.Inf(-1), threshold, math.Inf(1)}).Draw(t, "towards"))
		}
		if math.IsNaN(threshold) || math.IsInf(threshold, 1) {
			return
		}
		border := condition(threshold)
		x := math.Float32frombits(rapid.Uint32().Draw(t, "x"))
		switch rapid.IntRange(0, 3).Draw(t, "place") {
		case 0:
			x = border
		case 1:
			x = math.Nextafter32(border, float32(math.Inf(-1)))
		}
		if x == x && (float64(x) <= threshold) != (x < border) {
			t.Fatalf("%v <= %v, but not so of %v", x, threshold, border)
		}
	})
}

// What XGBoost cannot hold is refused, and nothing else is lost silently.
func TestWriteXGBoostRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Params, []float64)
		spoil  func(*Model)
		want   string
	}{
		{"square root", func(p *Params, _ []float64) { p.RegSqrt = true }, nil, "reg_sqrt"},
		{"linear leaves", func(p *Params, _ []float64) { p.LinearTree = true }, nil, "linear_tree"},
		{"zeros", func(p *Params, _ []float64) { p.ZeroAsMissing = true }, nil, "zero_as_missing"},
		{"large leaf", func(*Params, []float64) {}, func(m *Model) { m.trees[2].leafValue[1] = 1e39 }, "tree 2: leaf 1"},
		{"two kinds", func(*Params, []float64) {}, func(m *Model) {
			for _, tree := range m.trees {
				for node := range tree.feature {
					tree.feature[node] = 0
				}
			}
		}, `"age" is split as a number and as categories`},
	} {
		m := trainWritten(t, c.change)
		if c.spoil != nil {
			c.spoil(m)
		}
		if err := m.WriteXGBoost(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.name, err)
		}
	}
}

// A threshold above all numbers sends them all left in XGBoost, too.
func TestWriteXGBoostThresholdAboveAll(t *testing.T) {
	m := readXGBoostFile(t, "3.2.0_pruned.json")
	for _, tree := range m.trees {
		for node := range tree.threshold {
			tree.threshold[node] = math.Inf(1)
		}
	}
	if err := m.compile(); err != nil {
		t.Fatal(err)
	}
	_, columns := readXGBoostReference(t, "3.2.0")
	want, err := m.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	if err := m.WriteXGBoost(&written); err != nil {
		t.Fatal(err)
	}
	again, err := ReadXGBoost(&written)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	nearXGBoost(t, "all left", got, want)
}
