package genkey

import (
	"fmt"
	"math"
	"strings"
)

// maxLeaks bounds what [Document.Leaks] takes time for.
const maxLeaks = 1000

// Leak is what a file says of a LEAK. What it does not say is "" or null.
type Leak struct {
	Label     string `json:"label"`
	Component string `json:"component,omitempty"` // the TAG of its flow path
	Branch    string `json:"branch,omitempty"`    // the label of its flow path
	Fluid     string `json:"fluid,omitempty"`     // of its flow path
	Type      string `json:"type,omitempty"`      // VALVETYPE

	// Position is where it is, as it stands, such as 50 m or PIPE-1 section 2; PositionM
	// are the metres from the beginning of the flow path, of a section its middle.
	Position      string   `json:"position,omitempty"`
	PositionM     *float64 `json:"position_m"`
	Pipe          string   `json:"pipe,omitempty"` // the label of the pipe that it is in
	PipeDiameterM *float64 `json:"pipe_diameter_m"`

	// Diameter is that of the hole when it is fully open, as it stands, such as 0 in. A
	// leak whose diameter is 0 is none.
	Diameter  string   `json:"diameter,omitempty"`
	DiameterM *float64 `json:"diameter_m"`

	// Backpressure is the pressure outside, as it stands; BackpressurePa is absolute.
	Backpressure   string   `json:"backpressure,omitempty"`
	BackpressurePa *float64 `json:"backpressure_pa"`

	// Controller is the label of what opens it, if that is a controller.
	Controller string `json:"controller,omitempty"`
	// Opening is how far it is open from when on, by the leak's OPENING or by the
	// setpoints of a manual controller, without the time that the stroke takes. It is
	// empty where the file states neither, or where another controller opens it.
	Opening []Opening `json:"opening"`

	time *float64 // the first of TIME
}

// Opening is how far a leak is open from a time on.
type Opening struct {
	TimeS   float64 `json:"time_s"`
	Opening float64 `json:"opening"` // 0 closed, 1 open
}

// MaxOpening is the furthest that it is open; nil: that is not stated.
func (l *Leak) MaxOpening() *float64 {
	if len(l.Opening) == 0 {
		return nil
	}
	most := l.Opening[0].Opening
	for _, o := range l.Opening[1:] {
		most = max(most, o.Opening)
	}
	return &most
}

// StartS is when it opens first. Of one that does not open, or whose opening is not
// stated, it is the first time that the LEAK itself names. nil: it names none.
func (l *Leak) StartS() *float64 {
	for _, o := range l.Opening {
		if o.Opening > 0 {
			return &o.TimeS
		}
	}
	return l.time
}

// Leaks are the LEAKs, in the file's order. An error about a value is a [*ValueError].
func (d *Document) Leaks() ([]Leak, error) {
	r := &resolver{doc: d, controllers: d.valveControllers(), geometries: map[string][]pipe{}}
	err := r.leaks(d.Keywords, nil)
	for component := range d.Components() {
		if err == nil {
			err = r.leaks(component.Keywords, component)
		}
	}
	return r.found, err
}

// resolver finds what leaks refer to.
type resolver struct {
	doc         *Document
	controllers map[Terminal]*Keyword
	geometries  map[string][]pipe // of a file as of OLGA 5, by their labels
	found       []Leak
}

// leaks adds the leaks among the keywords of a component, or of the file.
func (r *resolver) leaks(list []Keyword, component *Keyword) error {
	var pipes []pipe // of the component
	var err error
	for k := range All(list, "LEAK") {
		if len(r.found) == maxLeaks {
			return Value{Pos: k.Pos}.fault("the file has more than %d leaks", maxLeaks)
		}
		l := Leak{Label: k.Text("LABEL"), Type: k.Text("VALVETYPE")}
		if component != nil {
			l.Component = component.Text("TAG")
			if about := First(list, "PARAMETERS"); about != nil {
				l.Branch = about.Text("LABEL")
			}
			if branch := First(list, "BRANCH"); branch != nil {
				l.Fluid = branch.Text("FLUID")
			}
			if pipes == nil {
				pipes, err = pipesOf(list)
			}
		} else {
			l.Branch = k.Text("BRANCH")
			pipes, err = r.pipesOfBranch(list, l.Branch)
		}
		for _, step := range []func(*Keyword) error{
			func(k *Keyword) error { return l.place(k, list, pipes) }, l.size, l.outside,
			func(k *Keyword) error { return r.opening(&l, k) },
		} {
			if err == nil {
				err = step(k)
			}
		}
		if err != nil {
			return err
		}
		r.found = append(r.found, l)
	}
	return nil
}

// pipesOfBranch are, in a file as of OLGA 5, the pipes of a branch's geometry.
func (r *resolver) pipesOfBranch(list []Keyword, branch string) ([]pipe, error) {
	geometry := ""
	for k := range All(list, "BRANCH") {
		if strings.EqualFold(k.Text("LABEL"), branch) {
			geometry = strings.ToUpper(k.Text("GEOMETRY"))
		}
	}
	if pipes, known := r.geometries[geometry]; known || geometry == "" {
		return pipes, nil
	}
	pipes, err := pipesOf(geometryOf(list, geometry))
	r.geometries[geometry] = pipes
	return pipes, err
}

// geometryOf are a GEOMETRY and the keywords up to the next.
func geometryOf(list []Keyword, label string) []Keyword {
	from := -1
	for i := range list {
		switch {
		case !list[i].Is("GEOMETRY"):
		case from >= 0:
			return list[from:i]
		case strings.EqualFold(list[i].Text("LABEL"), label):
			from = i
		}
	}
	if from < 0 {
		return nil
	}
	return list[from:]
}

// place finds where it is.
func (l *Leak) place(k *Keyword, list []Keyword, pipes []pipe) error {
	if label := k.Text("POSITION"); label != "" {
		l.Position = label
		for p := range All(list, "POSITION") {
			if strings.EqualFold(p.Text("LABEL"), label) {
				k = p
				break
			}
		}
	}
	metres := math.NaN()
	var in *pipe
	if v, ok := k.Get("ABSPOSITION"); ok {
		var err error
		if metres, err = v.SI(Length); err != nil {
			return err
		}
		if l.Position == "" {
			l.Position = v.String()
		}
		in = at(pipes, metres)
	} else if label := k.Text("PIPE"); label != "" {
		l.Pipe = label
		if in = called(pipes, label); in != nil {
			if err := l.inPipe(k, in, &metres); err != nil {
				return err
			}
		}
		if l.Position == "" {
			l.Position = strings.TrimSpace(label + " section " + k.Text("SECTION"))
		}
	}
	l.PositionM = stated(metres)
	if in != nil {
		l.Pipe, l.PipeDiameterM = in.label, stated(in.diameter)
	}
	return nil
}

// inPipe sets the metres to the middle of the section.
func (l *Leak) inPipe(k *Keyword, in *pipe, metres *float64) error {
	v, ok := k.Get("SECTION")
	if !ok || in.count == 0 {
		return nil
	}
	section, err := v.whole(float64(in.count))
	if err != nil {
		return fmt.Errorf("the section of the pipe %s: %w", in.label, err)
	}
	*metres = in.middle(section)
	return nil
}

// size finds how large the hole is.
func (l *Leak) size(k *Keyword) (err error) {
	l.Diameter, l.DiameterM, err = k.measure("DIAMETER", Length)
	return err
}

// outside finds the pressure that it leaks to.
func (l *Leak) outside(k *Keyword) (err error) {
	l.Backpressure, l.BackpressurePa, err = k.measure("BACKPRESSURE", Pressure)
	return err
}

// measure is a parameter as it stands, and its first number in SI.
func (k *Keyword) measure(name string, d Dimension) (string, *float64, error) {
	v, ok := k.Get(name)
	if !ok {
		return "", nil, nil
	}
	numbers, err := v.SIs(d)
	if err != nil || len(numbers) == 0 {
		return v.String(), nil, err
	}
	return v.String(), &numbers[0], nil
}

// stated is a number, or nil for NaN, which stands for what is not stated.
func stated(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
