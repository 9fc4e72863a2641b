package linear

import (
	"fmt"
	"math"
	"testing"
)

// The generated sets of tools/reference/linear.py, number by number.
const (
	noiseStream   = 5000
	holesStream   = 100000
	weightsStream = 200000
	goldenGamma   = 0x9e3779b97f4a7c15
)

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

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

// noisySignal is what the targets are made of.
func noisySignal(seed int, x [][]float64) []float64 {
	score := bellColumn(seed, noiseStream, len(x[0]))
	for row := range score {
		score[row] = float64(float64(2*x[0][row])-x[1][row]) + float64(0.5*x[2][row]) + score[row]
	}
	return score
}

// set is a set's design, dense or sparse, and the score that its target is made of.
type set struct {
	columns [][]float64
	sparse  []SparseColumn
	score   []float64
}

func buildSet(name string) set {
	rows, cols := 400, 8
	seed := len(name)
	switch name {
	case "wide":
		rows, cols = 30, 60
	case "many":
		rows, cols = 400, 150
	case "wider":
		rows, cols = 150, 200
	case "bench":
		rows, cols = 100_000, 28
	case "terms":
		return termSet(seed, 20_000)
	}
	x := bellColumns(seed, rows, cols)
	score := noisySignal(seed, x)
	switch name {
	case "collinear":
		sum, difference, constant := make([]float64, rows), make([]float64, rows), make([]float64, rows)
		for i := range sum {
			sum[i] = x[0][i] + float64(2*x[1][i])
			constant[i] = 0.1
			difference[i] = x[3][i] - x[4][i]
		}
		x = append(x, sum, constant, difference)
	case "scaled":
		powers := []float64{1e-3, 1e-2, 1e-1, 1, 10, 100, 1000, 10000}
		for c := range x {
			for i := range x[c] {
				x[c][i] = (x[c][i] + float64(c)) * powers[c]
			}
		}
	case "tiny_column":
		for i := range x[2] {
			x[2][i] *= 1e-8
		}
	case "sparse":
		for c := range x {
			for i, u := range uniformColumn(seed, holesStream+c, rows) {
				if u < 0.8 {
					x[c][i] = 0
				}
			}
		}
		score = noisySignal(seed, x)
	}
	return set{columns: x, score: score}
}

// termSet has fifty terms a row, each of its own thousand columns.
func termSet(seed, rows int) set {
	s := set{sparse: make([]SparseColumn, 50_000), score: bellColumn(seed, noiseStream, rows)}
	for t := range 50 {
		value := uniformColumn(seed, 2*t+1, rows)
		for row, u := range uniformColumn(seed, 2*t, rows) {
			own := math.Floor(u * u * 1000)
			column := &s.sparse[int(own)+1000*t]
			column.Rows = append(column.Rows, int32(row))
			column.Values = append(column.Values, 0.5+value[row])
			if t < 10 && own < 100 {
				s.score[row] += 0.5 + value[row]
			} else if t < 10 {
				s.score[row] -= 0.1
			}
		}
	}
	return s
}

// labels are classes by the score: above 0.3, or the steps from -1 on.
func (s *set) labels(classes int) []int {
	out := make([]int, len(s.score))
	for i, v := range s.score {
		if classes == 2 {
			if v > 0.3 {
				out[i] = 1
			}
			continue
		}
		out[i] = int(max(0, min(float64(classes-1), math.Floor((v+1)*float64(classes)/2))))
	}
	return out
}

func (s *set) weights(seed int) []float64 {
	w := uniformColumn(seed, weightsStream, len(s.score))
	for i := range w {
		w[i] = math.Floor(w[i]*4) / 2
	}
	return w
}

func columnNames(n int) []string {
	names := make([]string, n)
	for j := range names {
		names[j] = fmt.Sprintf("x%d", j)
	}
	return names
}

func (s *set) dense(t testing.TB) *Dense { return denseOf(t, s.columns...) }

func denseOf(t testing.TB, columns ...[]float64) *Dense {
	t.Helper()
	d, err := NewDense(columnNames(len(columns)), columns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sparseOf is the sparse design of the same values.
func sparseOf(t testing.TB, columns ...[]float64) *Sparse {
	t.Helper()
	out := make([]SparseColumn, len(columns))
	for j, column := range columns {
		for i, v := range column {
			if v != 0 {
				out[j].Rows, out[j].Values = append(out[j].Rows, int32(i)), append(out[j].Values, v)
			}
		}
	}
	s, err := NewSparse(columnNames(len(columns)), len(columns[0]), out)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// design is the set's design as it comes.
func (s *set) design(t testing.TB) Matrix {
	if s.sparse == nil {
		return s.dense(t)
	}
	x, err := NewSparse(columnNames(len(s.sparse)), len(s.score), s.sparse)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
