package report

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mlops/runner/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func TestBinaryReport(t *testing.T) {
	truth, p := binaryData(500)
	r := must2(t)(New(t.Context(), truth, p, Options{Target: "churned"}))
	for name, want := range map[string]float64{
		"accuracy": metrics.Accuracy(truth.Classes, p.Classes), "f1_score": metrics.F1Score(truth.Classes, p.Classes),
		"matthews_corrcoef": metrics.MatthewsCorrCoef(truth.Classes, p.Classes),
	} {
		got, found := r.Metric(name)
		if !found {
			t.Errorf("%s is not there", name)
		}
		near(t, name, got, want)
	}
	score := make([]float64, len(truth.Classes))
	for i := range score {
		score[i] = p.Proba[2*i+1]
	}
	auc, err := metrics.ROCAUC(truth.Classes, score)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := r.Metric("roc_auc")
	near(t, "roc_auc", got, auc)
	part := r.Classification
	if len(part.ROC) != 1 || part.ROC[0].Class != "yes" || part.Positive != "yes" || r.Headline != "roc_auc" {
		t.Errorf("the curves are of %v, positive is %q, the headline %q", part.ROC, part.Positive, r.Headline)
	}
	near(t, "the curve's area", part.ROC[0].AUC, auc)
	if _, found := r.Metric("roc_auc_ovr"); found {
		t.Error("roc_auc_ovr of two classes repeats roc_auc")
	}
	if len(part.Classes) != 2 || part.Classes[1].Name != "yes" || part.Classes[0].Support+part.Classes[1].Support != 500 {
		t.Errorf("classes %+v", part.Classes)
	}
}

// The table of gains is what counting rows says.
func TestGainsCountRows(t *testing.T) {
	truth, p := binaryData(400)
	truth.Weights = make([]float64, 400)
	for i := range truth.Weights {
		truth.Weights[i] = float64(1 + i%3)
	}
	r := must2(t)(New(t.Context(), truth, p, Options{}))
	if n := len(r.Classification.Gains); n != len(gainShares) {
		t.Errorf("%d gains", n)
	}
	for _, g := range r.Classification.Gains {
		rows, hit, all, positive := 0.0, 0.0, 0.0, 0.0
		for i, y := range truth.Classes {
			w := truth.Weights[i]
			all += w
			positive += w * float64(y)
			if p.Proba[2*i+1] >= g.Threshold {
				rows += w
				hit += w * float64(y)
			}
		}
		near(t, "share", g.Share, rows/all)
		near(t, "rows", g.Rows, rows)
		near(t, "precision", g.Precision, hit/rows)
		near(t, "recall", g.Recall, hit/positive)
		near(t, "lift", g.Lift, hit/rows/(positive/all))
		near(t, "fpr", g.FPR, (rows-hit)/(all-positive))
		near(t, "f1", g.F1, 2*hit/(rows+positive))
	}
	// Rows of one probability stand together.
	for i := range 400 {
		p.Proba[2*i], p.Proba[2*i+1] = 0.5, 0.5
	}
	tied := must2(t)(New(t.Context(), truth, p, Options{})).Classification.Gains
	if len(tied) != 1 || tied[0].Share != 1 || tied[0].Lift != 1 {
		t.Errorf("of one probability: %+v", tied)
	}
}

func TestManyClassesAreMerged(t *testing.T) {
	truth, p := multiclassData(2000, 70)
	r := must2(t)(New(t.Context(), truth, p, Options{}))
	part := r.Classification
	if len(part.Classes) != 70 || len(part.ROC) != MaxCurves+1 || len(part.Calibration) != MaxCurves+1 {
		t.Fatalf("%d classes, %d curves, %d calibrations", len(part.Classes), len(part.ROC), len(part.Calibration))
	}
	if last := part.ROC[MaxCurves]; last.Class != "other (60 classes)" || last.Merged != 60 || part.ROC[0].Merged != 0 {
		t.Errorf("the last curve is of %q, %d classes", last.Class, last.Merged)
	}
	c := part.Confusion
	if len(c.Labels) != MaxConfusion+1 || c.Merged != 20 || c.Labels[MaxConfusion] != "other (20 classes)" {
		t.Fatalf("%d labels, %d merged, the last is %q", len(c.Labels), c.Merged, c.Labels[len(c.Labels)-1])
	}
	sum := func(c Confusion) (all float64) {
		for _, row := range c.Counts {
			for _, n := range row {
				all += n
			}
		}
		return all
	}
	plotted := c.atMost(MaxCurves)
	if len(plotted.Labels) != MaxCurves+1 || plotted.Merged != 60 || sum(c) != 2000 || sum(plotted) != 2000 {
		t.Errorf("merged again: %d labels, %d merged, %v and %v rows", len(plotted.Labels), plotted.Merged, sum(c), sum(plotted))
	}
	// The largest classes are kept, and none of the merged ones is larger.
	kept := make(map[string]bool)
	for _, label := range plotted.Labels {
		kept[label] = true
	}
	smallest, largest := math.Inf(1), 0.0
	for _, class := range part.Classes {
		if kept[class.Name] {
			smallest = min(smallest, class.Support)
		} else {
			largest = max(largest, class.Support)
		}
	}
	if largest > smallest {
		t.Errorf("a class of %v rows is kept and one of %v is not", smallest, largest)
	}
	// One class over the limit is no reason to merge.
	truth, p = multiclassData(300, MaxCurves+1)
	if last := must2(t)(New(t.Context(), truth, p, Options{})).Classification.ROC[MaxCurves].Class; strings.HasPrefix(last, "other") {
		t.Errorf("a single class is called %q", last)
	}
}

// A merged curve is that of its classes' summed probability.
func TestOtherIsTheSumOfItsClasses(t *testing.T) {
	truth, p := multiclassData(600, 30)
	r := must2(t)(New(t.Context(), truth, p, Options{}))
	kept := make(map[string]bool)
	for _, curve := range r.Classification.ROC {
		kept[curve.Class] = true
	}
	label, score := make([]int, 600), make([]float64, 600)
	for i, y := range truth.Classes {
		for k, name := range truth.Names {
			if !kept[name] {
				score[i] += p.Proba[i*30+k]
				if y == k {
					label[i] = 1
				}
			}
		}
	}
	want, err := metrics.ROCAUC(label, score)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Classification.ROC[MaxCurves].AUC; math.Abs(got-want) > 1e-9 {
		t.Errorf("got the area %v, want %v", got, want)
	}
}

// What data does not define is left out, with a reason, and nothing fails.
func TestDegenerateData(t *testing.T) {
	two := []string{"no", "yes"}
	for name, c := range map[string]struct {
		truth   Truth
		p       Prediction
		omitted string
	}{
		"one row": {Truth{Problem: Binary, Names: two, Classes: []int{1}}, Prediction{Classes: []int{1}, Proba: []float64{0.2, 0.8}}, "roc_auc"},
		"one class": {Truth{Problem: Binary, Names: two, Classes: []int{0, 0, 0}},
			Prediction{Classes: []int{0, 1, 0}, Proba: []float64{1, 0, 0.5, 0.5, 1, 0}}, "curves of yes"},
		"no probabilities": {Truth{Problem: Binary, Names: two, Classes: []int{0, 1}}, Prediction{Classes: []int{0, 1}}, "log_loss"},
		"perfect":          {Truth{Problem: Binary, Names: two, Classes: []int{0, 1}}, Prediction{Classes: []int{0, 1}, Proba: []float64{1, 0, 0, 1}}, ""},
		"the same score": {Truth{Problem: Binary, Names: two, Classes: []int{0, 1}, Weights: []float64{1, 3}},
			Prediction{Classes: []int{0, 0}, Proba: []float64{.5, .5, .5, .5}}, ""},
		"classes that never occur": {Truth{Problem: Multiclass, Names: []string{"a", "b", "c", "d"}, Classes: []int{0, 2, 0}},
			Prediction{Classes: []int{0, 2, 2}, Proba: []float64{.7, .1, .1, .1, .1, .1, .7, .1, .4, .1, .5, 0}}, "roc_auc_ovr"},
		"one value":            {Truth{Problem: Regression, Values: []float64{3}}, Prediction{Values: []float64{4}}, "r2_score"},
		"no error at all":      {Truth{Problem: Regression, Values: []float64{1, 2, 3}}, Prediction{Values: []float64{1, 2, 3}}, ""},
		"a constant error":     {Truth{Problem: Regression, Values: []float64{1e9, 2e9}}, Prediction{Values: []float64{1e9 - 7, 2e9 - 7}}, ""},
		"huge values":          {Truth{Problem: Regression, Values: []float64{1e150, -1e150}}, Prediction{Values: []float64{9e149, -1e150}}, ""},
		"squares out of reach": {Truth{Problem: Regression, Values: []float64{1e151, 0}}, Prediction{Values: []float64{0, 0}}, "mse"},
		"tiny values":          {Truth{Problem: Regression, Values: []float64{1e-300, 3e-300}}, Prediction{Values: []float64{1e-300, 2e-300}}, ""},
		"next to one value":    {Truth{Problem: Regression, Values: []float64{1, math.Nextafter(1, 2), 1}}, Prediction{Values: []float64{0, 0, 0}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := must2(t)(New(t.Context(), c.truth, c.p, Options{}))
			found := c.omitted == ""
			for _, o := range r.Omitted {
				if o.Reason == "" {
					t.Errorf("%s is left out without a reason", o.Name)
				}
				found = found || o.Name == c.omitted
			}
			if !found {
				t.Errorf("%s is not left out but %v", c.omitted, r.Omitted)
			}
			exercise(t, r)
		})
	}
}

// exercise writes a report in every form, and of its plots those that are named
// or all, and checks that none has a number that is none.
func exercise(t testing.TB, r *Report, drawn ...Plot) {
	t.Helper()
	var document, text bytes.Buffer
	if err := r.WriteJSON(&document); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&document)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, r) {
		t.Errorf("read back, the report is another:\n%+v\n%+v", again, r)
	}
	noNaN(t, "text", text.String())
	for _, p := range r.Plots() {
		noNaN(t, p.Name, p.Alt)
	}
	if len(drawn) == 0 {
		drawn = r.Plots()
	}
	for _, p := range drawn {
		var out bytes.Buffer
		if err := p.Write(&out, SVG); err != nil {
			t.Fatal(err)
		}
		noNaN(t, p.Name, out.String())
	}
}

func noNaN(t testing.TB, what, text string) {
	t.Helper()
	for _, word := range []string{"NaN", "Inf", "nan"} {
		if strings.Contains(text, word) {
			t.Errorf("%s has a %s", what, word)
		}
	}
}

// Whatever the data, a report is made, is valid and can be drawn.
func TestAnyDataGivesAReport(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.IntRange(1, 30).Draw(rt, "rows")
		var truth Truth
		var p Prediction
		if rapid.Bool().Draw(rt, "regression") {
			value := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.SampledFrom([]float64{0, 1, -1, 1e-9, 1e100}))
			truth.Problem = Regression
			truth.Values = rapid.SliceOfN(value, rows, rows).Draw(rt, "true")
			p.Values = rapid.SliceOfN(value, rows, rows).Draw(rt, "predicted")
		} else {
			classes := rapid.IntRange(2, 14).Draw(rt, "classes")
			truth, p = multiclassData(rows, classes)
			truth.Classes = rapid.SliceOfN(rapid.IntRange(0, classes-1), rows, rows).Draw(rt, "true")
		}
		if rapid.Bool().Draw(rt, "weighted") {
			truth.Weights = rapid.SliceOfN(rapid.Float64Range(0, 5), rows, rows).Draw(rt, "weights")
			truth.Weights[0] = 1
		}
		r, err := New(t.Context(), truth, p, Options{Bins: rapid.IntRange(0, 20).Draw(rt, "bins"), Strategy: rapid.SampledFrom([]metrics.Strategy{"", metrics.Uniform, metrics.Quantile}).Draw(rt, "strategy")})
		if err != nil {
			rt.Fatal(err)
		}
		exercise(t, r, rapid.SampledFrom(r.Plots()).Draw(rt, "plot"))
	})
}

func TestNewRefuses(t *testing.T) {
	two := Truth{Problem: Binary, Names: []string{"no", "yes"}, Classes: []int{0, 1}}
	proba := []float64{1, 0, 0, 1}
	with := func(change func(*Truth)) Truth {
		changed := two
		change(&changed)
		return changed
	}
	good := Prediction{Classes: []int{0, 1}, Proba: proba}
	for name, c := range map[string]struct {
		truth Truth
		p     Prediction
		o     Options
		says  string
	}{
		"no rows":                 {Truth{Problem: Regression}, Prediction{}, Options{}, "no rows"},
		"an unknown problem":      {with(func(t *Truth) { t.Problem = "magic" }), good, Options{}, `"magic"`},
		"lengths":                 {two, Prediction{Classes: []int{0}}, Options{}, "2 true classes and 1 predictions"},
		"lengths of values":       {Truth{Problem: Regression, Values: []float64{1}}, Prediction{}, Options{}, "1 true values and 0 predictions"},
		"weights":                 {with(func(t *Truth) { t.Weights = []float64{1} }), good, Options{}, "1 weights for 2 rows"},
		"a negative weight":       {with(func(t *Truth) { t.Weights = []float64{1, -1} }), good, Options{}, "row 1"},
		"three classes of two":    {with(func(t *Truth) { t.Names = []string{"a", "b", "c"} }), good, Options{}, "two classes and not 3"},
		"one class":               {with(func(t *Truth) { t.Names = []string{"a"} }), good, Options{}, "1 classes"},
		"a class out of range":    {two, Prediction{Classes: []int{0, 2}}, Options{}, "row 1"},
		"probabilities":           {two, Prediction{Classes: []int{0, 1}, Proba: []float64{1}}, Options{}, "1 probabilities"},
		"a probability of 2":      {two, Prediction{Classes: []int{0, 1}, Proba: []float64{1, 0, 0, 2}}, Options{}, "row 1"},
		"a NaN":                   {Truth{Problem: Regression, Values: []float64{1, 2}}, Prediction{Values: []float64{1, math.NaN()}}, Options{}, "row 1"},
		"a headline":              {two, good, Options{Headline: "rmse"}, "known: accuracy"},
		"bins":                    {two, good, Options{Bins: MaxCalibration + 1}, "101 calibration bins"},
		"a strategy":              {two, good, Options{Strategy: "kmeans"}, `"kmeans"`},
		"squares beyond a number": {Truth{Problem: Regression, Values: []float64{1e300, 0}}, Prediction{Values: []float64{0, 0}}, Options{}, "not a finite number"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(t.Context(), c.truth, c.p, c.o); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
}

func TestNewStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	truth, p := multiclassData(50, 3)
	if _, err := New(ctx, truth, p, Options{}); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
}

func TestHeadline(t *testing.T) {
	truth, p := regressionData(50)
	if r := must2(t)(New(t.Context(), truth, p, Options{Headline: "mean_absolute_error"})); r.Headline != "mae" {
		t.Errorf("headline %q", r.Headline)
	}
	two := Truth{Problem: Binary, Names: []string{"no", "yes"}, Classes: []int{0, 1}}
	if r := must2(t)(New(t.Context(), two, Prediction{Classes: []int{0, 1}}, Options{})); r.Headline != "f1_score" {
		t.Errorf("the headline without probabilities is %q", r.Headline)
	}
}

// Residuals are summed up as numpy does: figures of numpy.quantile, mean and std.
func TestResiduals(t *testing.T) {
	truth := Truth{Problem: Regression, Values: []float64{1, 2, 3, 4, 10}}
	r := must2(t)(New(t.Context(), truth, Prediction{Values: []float64{0, 0, 0, 0, 0}}, Options{})).Regression
	near(t, "mean", r.Residuals.Mean, 4)
	near(t, "std", r.Residuals.Std, math.Sqrt(10))
	for _, c := range []struct{ q, want float64 }{{0, 1}, {0.01, 1.04}, {0.05, 1.2}, {0.25, 2}, {0.5, 3}, {0.75, 4}, {0.95, 8.8}, {0.99, 9.76}, {1, 10}} {
		near(t, "quantile", r.at(c.q), c.want)
	}
}

func TestHistogramHoldsEveryRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, 1, 1e9, -1e9})), 1, 200).Draw(t, "residuals")
		truth := Truth{Problem: Regression, Values: values}
		r, err := New(t.Context(), truth, Prediction{Values: make([]float64, len(values))}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		h := r.Regression.Histogram
		rows := h.Below + h.Above
		for i, n := range h.Counts {
			rows += n
			inside := 0
			for _, v := range values {
				if v >= h.Edges[i] && (v < h.Edges[i+1] || i == len(h.Counts)-1 && v == h.Edges[i+1]) {
					inside++
				}
			}
			if inside != n {
				t.Fatalf("bin %d from %v to %v has %d rows, want %d", i, h.Edges[i], h.Edges[i+1], n, inside)
			}
		}
		if rows != len(values) {
			t.Fatalf("%d of %d rows are counted", rows, len(values))
		}
	})
}

// A thinned curve has few points, keeps its ends and its extremes, and stays
// near the curve.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "points")
		step := rapid.SampledFrom([]float64{0, 1, -1}).Draw(t, "step")
		y := rapid.SliceOfN(rapid.Float64Range(0, 1), n, n).Draw(t, "y")
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i*i) * step
		}
		picked := thin(x, y)
		if len(picked) > MaxCurvePoints || picked[0] != 0 || picked[len(picked)-1] != n-1 {
			t.Fatalf("%d of %d points, from %d to %d", len(picked), n, picked[0], picked[len(picked)-1])
		}
		low, high, keptLow, keptHigh := 2.0, -1.0, 2.0, -1.0
		for _, v := range y {
			low, high = min(low, v), max(high, v)
		}
		for i, at := range picked {
			if i > 0 && at <= picked[i-1] {
				t.Fatalf("point %d after %d", at, picked[i-1])
			}
			keptLow, keptHigh = min(keptLow, y[at]), max(keptHigh, y[at])
		}
		if low != keptLow || high != keptHigh {
			t.Fatalf("from %v to %v became from %v to %v", low, high, keptLow, keptHigh)
		}
	})
}

func TestReadRefuses(t *testing.T) {
	truth, p := binaryData(50)
	var good bytes.Buffer
	if err := must2(t)(New(t.Context(), truth, p, Options{Target: "y"})).WriteJSON(&good); err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) string {
		if !strings.Contains(good.String(), from) {
			t.Fatalf("the document has no %s", from)
		}
		return strings.Replace(good.String(), from, to, 1)
	}
	for name, c := range map[string]struct{ document, says string }{
		"no document":       {"", "unexpected end"},
		"no JSON":           {"model", "invalid"},
		"an unknown key":    {change(`"target"`, `"goal"`), "goal"},
		"more than one":     {good.String() + good.String(), "invalid character"},
		"another problem":   {change(`"binary_classification"`, `"regression"`), "regression"},
		"an unknown one":    {change(`"binary_classification"`, `"magic"`), "magic"},
		"a rate of two":     {change(`"recall": `, `"recall": 2`), "0..1"},
		"a missing matrix":  {change(`"confusion": {`, `"confusion": {"merged": 1}, "gains": [], "x": {`), "x"},
		"a huge number":     {change(`"prevalence": `, `"prevalence": 1e999, "x": `), "1e999"},
		"no bounds":         {change(`"prevalence": `, `"prevalence": 1e301, "x": `), "x"},
		"half the curves":   {change(`"roc": [`, `"roc": [], "y": [`), "y"},
		"thresholds gone":   {change(`"thresholds": [`, `"thresholds": [0.5, `), "thresholds"},
		"a version to come": {change(`"version": 1`, `"version": 2`), "version 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.document))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
	var other *VersionError
	if _, err := Read(strings.NewReader(`{"version": 7}`)); !errors.As(err, &other) || other.Got != 7 {
		t.Errorf("another version: %v", err)
	}
}

// The document is bytes from outside: whatever is read can be shown.
func FuzzRead(f *testing.F) {
	curve, err := NewLearningCurve("rmse", "iteration", []Series{{Name: "training", X: []float64{1, 2}, Y: []float64{3, 1}, Std: []float64{1, 0}}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	importance, err := Trees(GainImportance, []string{"a", "b"}, []float64{1, 2})
	if err != nil {
		f.Fatal(err)
	}
	for _, draw := range []func() (Truth, Prediction){
		func() (Truth, Prediction) { return binaryData(8) },
		func() (Truth, Prediction) { return multiclassData(8, 3) },
		func() (Truth, Prediction) { return regressionData(8) },
	} {
		truth, p := draw()
		r := must2(f)(New(context.Background(), truth, p, Options{Bins: 2}))
		r.Importances, r.LearningCurve = []Importance{importance}, curve
		var document bytes.Buffer
		if err := r.WriteJSON(&document); err != nil {
			f.Fatal(err)
		}
		f.Add(document.Bytes())
	}
	f.Add([]byte(`{"version":1,"problem":"regression","regression":{"histogram":{"edges":[0,1],"counts":[1]},"points":{"true":[1],"predicted":[1]}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		r, err := Read(bytes.NewReader(document))
		if err != nil {
			return
		}
		var text, drawn bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Plots() {
			if err := p.Write(&drawn, SVG); err != nil {
				t.Fatal(err)
			}
		}
	})
}
