package gbdt

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

// The generated sets of tools/reference/gbdt_data.py, number by number. The
// conversions to float64 keep products from being fused with sums.

const (
	noiseStream        = 5000
	holesStream        = 100000
	extraStream        = 200000
	generatedQueryRows = 20
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

// holes puts a value into a share of the rows of each column.
func holes(seed int, x [][]float64, share, value float64) {
	for c := range x {
		for row, u := range uniformColumn(seed, holesStream+c, len(x[c])) {
			if u < share {
				x[c][row] = value
			}
		}
	}
}

// generated is a set without its label, which is made of the score.
type generated struct {
	columns     [][]float64
	score       []float64
	weight      []float64
	categorical []int
}

func generate(t testing.TB, kind string, rows, seed int) generated {
	t.Helper()
	var g generated
	effect := make([]float64, rows) // of the categories
	switch kind {
	case "dense", "weights":
		g.columns = bellColumns(seed, rows, 10)
		for row := range rows {
			g.columns[4][row] = math.Floor(8 * g.columns[4][row])
			g.columns[5][row] = max(g.columns[5][row], 0)
		}
		if kind == "weights" {
			g.weight = uniformColumn(seed, extraStream, rows)
			for row, u := range g.weight {
				w := 1 + math.Floor(u*50)
				g.weight[row] = w * w
			}
		}
	case "missing":
		g.columns = bellColumns(seed, rows, 8)
	case "sparse":
		g.columns = bellColumns(seed, rows, 60)
		holes(seed, g.columns, 0.9, 0)
	case "wide":
		g.columns = bellColumns(seed, rows, 2000)
	case "categories", "codes":
		g.columns, g.categorical = bellColumns(seed, rows, 6), []int{4, 5}
		sizes := []int{240, 40}
		if kind == "codes" {
			sizes[0] = 2000
		}
		for i, size := range sizes {
			c := g.categorical[i]
			g.columns[c] = uniformColumn(seed, extraStream+c, rows)
			effects := uniformColumn(seed, extraStream+100+c, size)
			for row, u := range g.columns[c] {
				code := math.Floor(u * float64(size))
				g.columns[c][row] = code
				effect[row] += float64(4 * (effects[int(code)] - 0.5))
			}
		}
	default:
		t.Fatalf("no generated set is called %q", kind)
	}
	x := g.columns
	g.score = bellColumn(seed, noiseStream, rows)
	for row := range g.score {
		signal := float64(3*x[0][row]) + float64(2*x[1][row])
		signal += float64(4 * float64(x[1][row]*x[2][row]))
		signal += float64(2 * float64(x[3][row]*x[3][row]))
		signal += effect[row]
		g.score[row] = math.Floor((signal+g.score[row])*1024) / 1024
	}
	if kind == "missing" {
		holes(seed, x, 0.4, math.NaN())
	}
	return g
}

// label makes a target of the score.
func (g generated) label(t testing.TB, target string) []float64 {
	t.Helper()
	var rare float64
	if target == "rare" { // one row in 500
		sorted := slices.Sorted(slices.Values(g.score))
		rare = sorted[len(sorted)-len(sorted)/500]
	}
	of, ok := map[string]func(s float64) float64{
		"value":    func(s float64) float64 { return s },
		"count":    func(s float64) float64 { return math.Floor(float64(s*s) / 2) },
		"amount":   func(s float64) float64 { return math.Floor(float64(s*s)*1024)/1024 + 0.25 },
		"claim":    func(s float64) float64 { s = max(s, 0); return math.Floor(float64(s*s)*1024) / 1024 },
		"positive": func(s float64) float64 { return oneIf(s > 0.5) },
		"rare":     func(s float64) float64 { return oneIf(s >= rare) },
		"kind":     func(s float64) float64 { return oneIf(s > -0.5) + oneIf(s > 1.5) },
		"share":    func(s float64) float64 { return max(0, min(1, math.Floor(s*32)/256+0.5)) },
		"grade":    func(s float64) float64 { return max(0, min(3, math.Floor(s))) },
	}[target]
	if !ok {
		t.Fatalf("no target is called %q", target)
	}
	label := make([]float64, len(g.score))
	for row, s := range g.score {
		label[row] = of(s)
	}
	return label
}

// split gives the first rows as training data, and the others as they are.
func (g generated) split(t testing.TB, label []float64, rows int, p Params) (train *Dataset, rest evaluation, columns [][]float64) {
	t.Helper()
	features := make([]Feature, len(g.columns))
	columns = make([][]float64, len(g.columns))
	for c, values := range g.columns {
		features[c] = Feature{Name: fmt.Sprintf("c%d", c), Values: values[:rows], Categorical: slices.Contains(g.categorical, c)}
		columns[c] = values[rows:]
	}
	rest = evaluation{label: label[rows:], outputs: p.outputs()}
	weight := g.weight
	if weight != nil {
		weight, rest.weight = weight[:rows], weight[rows:]
	}
	train, err := NewDataset(context.Background(), features, label[:rows], weight, p)
	if err != nil {
		t.Fatal(err)
	}
	if p.Objective == LambdaRank {
		if err := train.SetGroups(slices.Repeat([]int{generatedQueryRows}, rows/generatedQueryRows)); err != nil {
			t.Fatal(err)
		}
		for row := 0; row <= len(rest.label); row += generatedQueryRows {
			rest.groups = append(rest.groups, row)
		}
	}
	return train, rest, columns
}

// evaluate trains on the first rows and gives the metrics of the others.
func (g generated) evaluate(t testing.TB, label []float64, rows int, p Params) map[string]float64 {
	t.Helper()
	train, rest, columns := g.split(t, label, rows, p)
	m, err := Train(context.Background(), train, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	if rest.raw, err = m.PredictRaw(columns); err != nil {
		t.Fatal(err)
	}
	rest.prediction = slices.Clone(rest.raw)
	for row := 0; row < len(rest.prediction); row += rest.outputs {
		m.transform.apply(rest.prediction[row : row+rest.outputs])
	}
	figures := map[string]float64{}
	for _, metric := range metricsOf(&p) {
		figures[metric.name] = metric.eval(&rest)
	}
	return figures
}
