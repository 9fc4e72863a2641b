package neural

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// The functions of tools/reference/neural.py: each gives its value and gradient.
var lbfgsFunctions = map[string]func(x, g []float64) float64{
	"rosenbrock": func(x, g []float64) float64 {
		sum := 0.0
		clear(g)
		for i := range len(x) - 1 {
			d, e := x[i+1]-x[i]*x[i], 1-x[i]
			g[i] += -400*x[i]*d - 2*e
			g[i+1] += 200 * d
			sum += 100*d*d + e*e
		}
		return sum
	},
	"quartic": func(x, g []float64) float64 {
		sum, total := 0.0, 0.0
		for _, v := range x {
			total += v
		}
		for i, v := range x {
			sum += float64(i+1) * v * v * v * v
			g[i] = 4*float64(i+1)*v*v*v + total
		}
		return sum + total*total/2
	},
	"waves": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			sum += v*v/20 + math.Sin(3*v)
			g[i] = v/10 + 3*math.Cos(3*v)
		}
		return sum
	},
	"kinks": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			sum += math.Abs(v) * float64(i+1)
			g[i] = float64(i + 1)
			if v < 0 {
				g[i] = -g[i]
			}
		}
		return sum
	},
	"cliff": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			tanh := math.Tanh(v / 4)
			sum += math.Exp(v/2) - 8*tanh
			g[i] = math.Exp(v/2)/2 - 2*(1-tanh*tanh)
		}
		return sum
	},
	"shelf": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			tanh := math.Tanh(1e7 * v)
			sum += -5e-4*tanh + 1e-6*v*v
			g[i] = -5e3*(1-tanh*tanh) + 2e-6*v
		}
		return sum
	},
	"ripples": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			root := math.Sqrt(1 + v*v)
			sum += root + 0.5*math.Sin(9*v) + 0.1*math.Cos(40*v)
			g[i] = v/root + 4.5*math.Cos(9*v) - 4*math.Sin(40*v)
		}
		return sum
	},
	"downhill": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			sum -= v
			g[i] = -1
		}
		return sum
	},
	"wrong": func(x, g []float64) float64 {
		sum := 0.0
		for i, v := range x {
			sum += v * v
			g[i] = 2 * v
			if math.Abs(v) <= 1 {
				g[i] = -v - 1
			}
		}
		return sum
	},
}

// On functions of many shapes every iteration is scipy's: the same values, as many
// evaluations, and the end for the same reason.
func TestLBFGSIsSciPys(t *testing.T) {
	data, err := os.ReadFile("testdata/lbfgs.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Function    string
		Start, X    []float64
		F           float64
		Iterations  int
		Evaluations int
		Curve       []float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Function, func(t *testing.T) {
			var curve []float64
			f := lbfgsFunctions[c.Function]
			l := &lbfgs{
				x: c.Start, tol: 1e-5, maxIter: 60, maxEvals: 300,
				evaluate: func(x, g []float64) (float64, error) { return f(x, g), nil },
				iterated: func(_ int, value float64) error { curve = append(curve, value); return nil },
			}
			if err := l.minimize(); err != nil {
				t.Fatal(err)
			}
			if l.iteration != c.Iterations || l.evals != c.Evaluations {
				t.Errorf("%d iterations with %d evaluations, scipy has %d with %d", l.iteration, l.evals, c.Iterations, c.Evaluations)
			}
			for i := range min(len(curve), len(c.Curve)) {
				if math.Abs(curve[i]-c.Curve[i]) > 1e-6*max(1, math.Abs(c.Curve[i])) {
					t.Fatalf("iteration %d: %v, scipy has %v", i+1, curve[i], c.Curve[i])
				}
			}
			for i := range l.x {
				if math.Abs(l.x[i]-c.X[i]) > 1e-4*max(1, math.Abs(c.X[i])) {
					t.Errorf("x %v, scipy has %v", l.x, c.X)
				}
			}
		})
	}
}
