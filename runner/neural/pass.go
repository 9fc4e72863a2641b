package neural

import "sync/atomic"

// pass takes a tile of at most 64 rows forward, and backward, through a network.
// It belongs to one goroutine at a time.
type pass struct {
	net     *network
	stopped *atomic.Bool
	values  [][]float64 // rows × units of each layer, the input's first
	deltas  [][]float64 // of each layer's sums; nil if never backward
	codes   []int32     // rows × embeddings
	embed   []float64   // rows × embedded columns: their gradient
}

// newPass makes the memory for tiles of at most rows.
func newPass(net *network, stopped *atomic.Bool, rows int, backward bool) *pass {
	p := &pass{net: net, stopped: stopped, codes: make([]int32, rows*len(net.embeddings))}
	p.values = append(p.values, make([]float64, rows*net.inputs))
	for i, l := range net.layers {
		p.values = append(p.values, make([]float64, rows*l.out))
		if !backward {
			continue
		}
		// The last layer's predictions become its delta in place.
		delta := p.values[i+1]
		if i < len(net.layers)-1 {
			delta = make([]float64, rows*l.out)
		}
		p.deltas = append(p.deltas, delta)
	}
	if backward {
		p.embed = make([]float64, rows*(net.inputs-net.numeric))
	}
	return p
}

// forward takes the rows whose numeric inputs and codes are set to the last
// layer's predictions (rows × outputs), which are overwritten by the next call.
func (p *pass) forward(theta []float64, rows int) []float64 {
	n := p.net
	for i, e := range n.embeddings {
		for row := range rows {
			at := row*n.inputs + e.column
			copy(p.values[0][at:at+e.dim], e.vector(theta, p.codes[row*len(n.embeddings)+i]))
		}
	}
	for i, l := range n.layers {
		z, bias := p.values[i+1][:rows*l.out], l.b(theta)
		for row := range rows {
			copy(z[row*l.out:], bias)
		}
		addWeighted(p.stopped, p.values[i], l.w(theta), z, rows, l.in, l.out)
		if i < len(n.layers)-1 {
			activate(n.activation, z)
		}
	}
	predictions := p.values[len(n.layers)][:rows*n.outputs]
	n.link.predict(predictions, n.outputs)
	return predictions
}

// backward adds the gradient of the rows to grad. The last layer's delta is set.
func (p *pass) backward(theta, grad []float64, rows int) {
	n := p.net
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := n.layers[i]
		delta := p.deltas[i][:rows*l.out]
		addGradient(p.stopped, p.values[i], delta, l.w(grad), rows, l.in, l.out)
		bias := l.b(grad)
		for row := range rows {
			for j, d := range delta[row*l.out : (row+1)*l.out] {
				bias[j] += d
			}
		}
		if i > 0 {
			back := p.deltas[i-1][:rows*l.in]
			setBack(p.stopped, delta, l.w(theta), back, rows, l.in, l.out)
			timesDerivative(n.activation, p.values[i][:rows*l.in], back)
		}
	}
	if len(n.embeddings) > 0 {
		p.backIntoEmbeddings(theta, grad, rows)
	}
}

func (p *pass) backIntoEmbeddings(theta, grad []float64, rows int) {
	n, l := p.net, p.net.layers[0]
	width := n.inputs - n.numeric
	setBack(p.stopped, p.deltas[0][:rows*l.out], l.w(theta)[n.numeric*l.out:], p.embed[:rows*width], rows, width, l.out)
	for i, e := range n.embeddings {
		for row := range rows {
			at := row*width + e.column - n.numeric
			vector := e.vector(grad, p.codes[row*len(n.embeddings)+i])
			for j, d := range p.embed[at : at+e.dim] {
				vector[j] += d
			}
		}
	}
}
