package genkey

import "strings"

// upper is a terminal as it is compared.
func upper(component, name string) Terminal {
	return Terminal{strings.ToUpper(component), strings.ToUpper(name)}
}

// valveSignal is the terminal of a valve or leak that says how far it is open.
const valveSignal = "@VALVESIG"

// valveControllers are the components that are connected to valves' signals.
func (d *Document) valveControllers() map[Terminal]*Keyword {
	byTag := map[string]*Keyword{}
	for c := range d.Components() {
		byTag[strings.ToUpper(c.Text("TAG"))] = c
	}
	controllers := map[Terminal]*Keyword{}
	for _, c := range d.Connections() {
		for i, end := range c {
			if end = upper(end.Component, end.Name); strings.HasSuffix(end.Name, valveSignal) {
				controllers[end] = byTag[strings.ToUpper(c[1-i].Component)]
			}
		}
	}
	return controllers
}

// opening finds how far it is open, and when.
func (r *resolver) opening(l *Leak, k *Keyword) (err error) {
	if _, l.time, err = k.measure("TIME", Time); err != nil {
		return err
	}
	if c := r.controllers[upper(l.Component, l.Label+valveSignal)]; c != nil {
		about := First(c.Keywords, "PARAMETERS")
		if about == nil {
			about = &Keyword{}
		}
		l.Controller = about.Text("LABEL")
		if strings.EqualFold(c.Text("TYPE"), "MANUALCONTROLLER") {
			l.Opening, err = about.series("SETPOINT")
		}
		return err
	}
	if label := k.Text("CONTROLLER"); label != "" { // as of OLGA 5
		l.Controller = label
		for c := range All(r.doc.Keywords, "CONTROLLER") {
			if strings.EqualFold(c.Text("LABEL"), label) && strings.EqualFold(c.Text("TYPE"), "MANUAL") {
				l.Opening, err = c.series("SETPOINT")
			}
		}
		return err
	}
	l.Opening, err = k.series("OPENING")
	return err
}

// series is a parameter over TIME: one value, which holds from the first time on, or as
// many as there are times.
func (k *Keyword) series(name string) ([]Opening, error) {
	v, ok := k.Get(name)
	if !ok {
		return nil, nil
	}
	values, err := v.SIs(Fraction)
	var times []float64
	if t, ok := k.Get("TIME"); ok && err == nil {
		times, err = t.SIs(Time)
	}
	if err != nil {
		return nil, err
	}
	if len(times) == 0 {
		times = []float64{0}
	}
	if len(values) > 1 && len(values) != len(times) {
		return nil, v.fault("%s has %d values, and TIME has %d; they must be as many", name, len(values), len(times))
	}
	list := make([]Opening, len(values))
	for i, value := range values {
		list[i] = Opening{TimeS: times[i], Opening: value}
	}
	return list, nil
}
