package genkey

import (
	"math"
	"strings"
)

// pipe is a PIPE of a flow path. What the file does not state is NaN.
type pipe struct {
	label    string
	start    float64   // m from the beginning of the flow path
	length   float64   // m
	diameter float64   // m
	count    int       // of its sections; 0: that is not stated
	sections []float64 // their lengths, m; nil: they are equal
}

// middle is that of a section, by its number from 1, in metres from the beginning of
// the flow path.
func (p *pipe) middle(section int) float64 {
	if p.sections == nil {
		return p.start + p.length*(float64(section)-0.5)/float64(p.count)
	}
	metres := p.start
	for _, length := range p.sections[:section-1] {
		metres += length
	}
	return metres + p.sections[section-1]/2
}

// pipesOf are the pipes of a flow path, among its keywords, in the order of the flow.
// Their lengths are stated (LENGTH), or the distances of their ends (XEND, YEND, ZEND).
// A pipe without a diameter has that of the pipe before, as in files of OLGA 5.
func pipesOf(list []Keyword) ([]pipe, error) {
	var pipes []pipe
	var end [3]float64
	along, diameter := 0.0, math.NaN()
	for i := range list {
		k := &list[i]
		var err error
		switch {
		case k.Is("GEOMETRY"):
			for axis, name := range [3]string{"XSTART", "YSTART", "ZSTART"} {
				if end[axis], err = k.number(name, Length, 0); err != nil {
					return nil, err
				}
			}
		case k.Is("PIPE"):
			p := pipe{label: k.Text("LABEL"), start: along}
			if p.diameter, err = k.number("DIAMETER", Length, diameter); err != nil {
				return nil, err
			}
			if p.length, err = k.length(&end); err != nil {
				return nil, err
			}
			if p.count, p.sections, err = k.sections(); err != nil {
				return nil, err
			}
			along, diameter = along+p.length, p.diameter
			pipes = append(pipes, p)
		}
	}
	return pipes, nil
}

// number is a parameter's number in SI, or otherwise where it is not stated.
func (k *Keyword) number(name string, d Dimension, otherwise float64) (float64, error) {
	v, ok := k.Get(name)
	if !ok {
		return otherwise, nil
	}
	return v.SI(d)
}

// length is the pipe's; end is the place where the pipe before it ended, and becomes
// that of this one.
func (k *Keyword) length(end *[3]float64) (float64, error) {
	if length, err := k.number("LENGTH", Length, math.NaN()); err != nil || !math.IsNaN(length) {
		for axis := range end { // where it leads is not stated so
			end[axis] = math.NaN()
		}
		return length, err
	}
	square, stated := 0.0, false
	for axis, name := range [3]string{"XEND", "YEND", "ZEND"} {
		to, err := k.number(name, Length, end[axis])
		if err != nil {
			return 0, err
		}
		_, ok := k.Get(name)
		stated = stated || ok
		square += (to - end[axis]) * (to - end[axis])
		end[axis] = to
	}
	if !stated {
		return math.NaN(), nil
	}
	return math.Sqrt(square), nil
}

// sections are the number of the pipe's sections, and their lengths where they are
// stated.
func (k *Keyword) sections() (int, []float64, error) {
	if v, ok := k.Get("LSEGMENT"); ok {
		lengths, err := v.SIs(Length)
		return len(lengths), lengths, err
	}
	v, ok := k.Get("NSEGMENT")
	if !ok {
		return 0, nil, nil
	}
	n, err := v.whole(1e9)
	return n, nil, err
}

// whole is a whole number from 1 on.
func (v Value) whole(most float64) (int, error) {
	n, err := v.SI(Fraction)
	if err == nil && !(n >= 1 && n <= most && n == math.Trunc(n)) {
		err = v.fault("a whole number from 1 to %.0f is asked for, not %s", most, v)
	}
	return int(n), err
}

// at is the pipe that a place lies in, by its metres from the beginning; nil: there is
// none, or it cannot be told.
func at(pipes []pipe, metres float64) *pipe {
	for i := range pipes {
		if p := &pipes[i]; metres <= p.start+p.length {
			return p
		}
	}
	return nil
}

// called is the pipe of a label; nil: there is none.
func called(pipes []pipe, label string) *pipe {
	for i := range pipes {
		if strings.EqualFold(pipes[i].label, label) {
			return &pipes[i]
		}
	}
	return nil
}
