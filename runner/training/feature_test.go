package training

import (
	"bytes"
	"context"
	"math"
	"testing"

	"mlops/runner/gbdt"
	"mlops/runner/table"
)

// Columns of every kind give the model that their numbers give.
func TestTreesReadColumnsOfEveryKind(t *testing.T) {
	const rows = 600
	floats, ints, bools, codes, nulls := make([]float64, rows), make([]int64, rows), make([]bool, rows), make([]string, rows), make([]bool, rows)
	label := make([]float64, rows)
	numbers := make([][]float64, 5)
	for i := range rows {
		floats[i], ints[i], bools[i] = math.Sin(float64(i)), int64(i%37), i%3 == 0
		codes[i] = string(rune('a' + i%5))
		nulls[i] = i%7 == 0
		label[i] = floats[i] + float64(ints[i]%5) + float64(i%5)
		one := 0.0
		if bools[i] {
			one = 1
		}
		value := [5]float64{floats[i], float64(ints[i]), one, float64(i % 5), float64(ints[i])}
		if nulls[i] {
			value[1], value[4] = math.NaN(), math.NaN()
		}
		for c, v := range value {
			numbers[c] = append(numbers[c], v)
		}
	}
	columns := []*table.Column{
		table.NewFloat64("a", floats, nil), table.NewInt64("b", ints, nulls), table.NewBool("c", bools, nil),
		table.NewString("d", codes, nil), table.NewTime("e", ints, nulls),
	}
	model := func(feature func(c int) gbdt.Feature) string {
		var features []gbdt.Feature
		for c := range columns {
			features = append(features, feature(c))
		}
		p := gbdt.DefaultParams()
		p.NumIterations = 5
		d, err := gbdt.NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := gbdt.Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := m.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	fromColumns := model(func(c int) gbdt.Feature { return featureOf(columns[c], c == 3) })
	fromNumbers := model(func(c int) gbdt.Feature {
		return gbdt.Feature{Name: columns[c].Name(), Values: numbers[c], Categorical: c == 3}
	})
	if fromColumns != fromNumbers {
		t.Error("the model depends on the kind of the columns")
	}
}
