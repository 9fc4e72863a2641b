package neural

import "fmt"

// network is the shape of a perceptron, and where its weights lie in one vector:
//
//	layer weights (in × out, row by row) | embeddings (codes × dim) | biases
//
// The L2 penalty is on all before the biases.
type network struct {
	inputs     int // columns of the first layer's input: numeric ones, then embeddings
	numeric    int
	outputs    int
	layers     []layer
	embeddings []embedding
	penalized  int // weights with an L2 penalty
	size       int // weights, all together
	activation string
	link       link
}

// layer is fully connected.
type layer struct {
	in, out       int
	weights, bias int // where they begin
}

// embedding is a vector for each code 0..categories-1 of a column, and one more,
// at the end, for all that is no such code.
type embedding struct {
	categories, dim int
	column          int // in the first layer's input
	weights         int // where they begin
}

// rows is the number of vectors.
func (e embedding) rows() int { return e.categories + 1 }

// embeddingDim is the length of the vectors of a categorical column.
func embeddingDim(categories, asked int) int {
	if asked > 0 {
		return min(asked, categories)
	}
	return min(50, (categories+1)/2)
}

// newNetwork lays out a network. dims are the lengths of the categorical columns'
// embeddings. An error says which limit is passed.
func newNetwork(categories, dims []int, numeric int, hidden []int, activation string, out link, outputs int) (*network, error) {
	n := &network{inputs: numeric, numeric: numeric, outputs: outputs, activation: activation, link: out}
	for i, c := range categories {
		n.embeddings = append(n.embeddings, embedding{categories: c, dim: dims[i], column: n.inputs})
		n.inputs += dims[i]
	}
	place := func(count int) (at int, err error) {
		at = n.size
		if n.size += count; n.size > maxWeights {
			return 0, fmt.Errorf("the network has more than %d weights: use smaller hidden layers, fewer inputs or shorter embeddings", maxWeights)
		}
		return at, nil
	}
	in := n.inputs
	for i := range len(hidden) + 1 {
		l := layer{in: in, out: outputs}
		if i < len(hidden) {
			l.out = hidden[i]
		}
		var err error
		if l.weights, err = place(l.in * l.out); err != nil {
			return nil, err
		}
		n.layers = append(n.layers, l)
		in = l.out
	}
	for i := range n.embeddings {
		e := &n.embeddings[i]
		var err error
		if e.weights, err = place(e.rows() * e.dim); err != nil {
			return nil, err
		}
	}
	n.penalized = n.size
	for i := range n.layers {
		var err error
		if n.layers[i].bias, err = place(n.layers[i].out); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (l layer) w(theta []float64) []float64 { return theta[l.weights : l.weights+l.in*l.out] }
func (l layer) b(theta []float64) []float64 { return theta[l.bias : l.bias+l.out] }

// vector is the embedding of a code, where categories stands for all others.
func (e embedding) vector(theta []float64, code int32) []float64 {
	at := e.weights + int(code)*e.dim
	return theta[at : at+e.dim]
}

func (e embedding) table(theta []float64) []float64 {
	return theta[e.weights : e.weights+e.rows()*e.dim]
}
