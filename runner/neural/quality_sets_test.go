package neural

import "math"

// The generated sets of tools/reference/neural.py, number by number.
const (
	noiseStream = 5000
	extraStream = 200000
	goldenGamma = 0x9e3779b97f4a7c15
)

func mixed(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func uniformColumn(stream, rows int) []float64 {
	start := mixed(goldenGamma * uint64(stream))
	values := make([]float64, rows)
	for row := range values {
		values[row] = float64(mixed(start+goldenGamma*uint64(row))>>11) / (1 << 53)
	}
	return values
}

// bellColumn is roughly normal with deviation 1.
func bellColumn(stream, rows int) []float64 {
	sum := uniformColumn(4*stream, rows)
	for i := 1; i < 4; i++ {
		for row, v := range uniformColumn(4*stream+i, rows) {
			sum[row] += v
		}
	}
	for row := range sum {
		sum[row] = (sum[row] - 2) * 1.75
	}
	return sum
}

func bellColumns(rows, columns int) [][]float64 {
	x := make([][]float64, columns)
	for c := range x {
		x[c] = bellColumn(c, rows)
	}
	return x
}

// signalOf is what the targets are made of.
func signalOf(x [][]float64) []float64 {
	signal := make([]float64, len(x[0]))
	for row := range signal {
		signal[row] = (x[0][row] + float64(x[1][row]*x[2][row])) + float64(0.5*float64(x[3][row]*x[3][row]))
	}
	return signal
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

type qualitySet struct {
	Dataset
	numClass int
}

func buildQualitySet(name string) qualitySet {
	rows := 1600
	if name == "small" {
		rows = 300
	}
	x := bellColumns(rows, 6)
	noise, y := bellColumn(noiseStream, rows), signalOf(x)
	s := qualitySet{numClass: 2}
	for c := range x {
		s.Features = append(s.Features, Feature{Name: string(rune('a' + c)), Values: x[c]})
	}
	var code, effect, slope []float64
	if name == "categories" {
		code, effect, slope = uniformColumn(extraStream, rows), uniformColumn(extraStream+1, 30), uniformColumn(extraStream+2, 30)
		for row, u := range code {
			code[row] = math.Floor(u * 30)
		}
		s.Features = append(s.Features, Feature{Name: "code", Values: code, Categories: 30})
	}
	for row := range y {
		score := y[row] + float64(0.3*noise[row])
		switch name {
		case "regression", "sgd", "weights":
			y[row], s.numClass = score, 0
		case "multiclass":
			y[row], s.numClass = oneIf(score > -0.3)+oneIf(score > 1.2), 3
		case "categories":
			c := int(code[row])
			lift := (x[0][row] + float64(4*(effect[c]-0.5))) + float64(float64(4*(slope[c]-0.5))*x[1][row])
			y[row] = oneIf(lift+float64(0.3*noise[row]) > 0)
		default:
			y[row] = oneIf(score > 0.5)
		}
	}
	if name == "weights" {
		s.Weight = uniformColumn(extraStream, rows)
		for row, u := range s.Weight {
			s.Weight[row] = 1 + math.Floor(u*20)
		}
	}
	s.Target = y
	return s
}

func (s *qualitySet) part(lo, hi int) Dataset {
	d := Dataset{Target: s.Target[lo:hi]}
	if s.Weight != nil {
		d.Weight = s.Weight[lo:hi]
	}
	for _, f := range s.Features {
		f.Values = f.Values[lo:hi]
		d.Features = append(d.Features, f)
	}
	return d
}
