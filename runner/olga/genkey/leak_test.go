package genkey_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mlops/runner/olga/genkey"
)

var leakFields = cmp.Options{cmpopts.IgnoreUnexported(genkey.Leak{}), cmpopts.EquateApprox(1e-12, 0), cmpopts.EquateEmpty()}

func leaks(t testing.TB, text string) []genkey.Leak {
	t.Helper()
	list, err := parse(t, text).Leaks()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// flowpath is a component with the keywords.
func flowpath(keywords string) string {
	return `NETWORKCOMPONENT TYPE=FLOWPATH, TAG=FLOWPATH_1
 PARAMETERS LABEL=Line
 BRANCH FLUID=DIESEL
 GEOMETRY LABEL=G, XSTART=10 m
 PIPE LABEL="P-1", LENGTH=30 m, DIAMETER=20 cm, NSEGMENT=3
 PIPE LABEL="P-2", LENGTH=50 m, DIAMETER=10 in, LSEGMENT=(20, 25, 5) m
 POSITION LABEL=Here, PIPE="P-2", SECTION=3
` + keywords + "\nENDNETWORKCOMPONENT\n"
}

func TestWhatAFileSaysOfLeaks(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	base := genkey.Leak{Label: "L", Component: "FLOWPATH_1", Branch: "Line", Fluid: "DIESEL"}
	with := func(change func(*genkey.Leak)) genkey.Leak {
		l := base
		change(&l)
		return l
	}
	controller := "NETWORKCOMPONENT TYPE=MANUALCONTROLLER, TAG=C_1\n PARAMETERS LABEL=Hand, TIME=(0, 1, 2) M, SETPOINT=(0, 50, 0) %\nENDNETWORKCOMPONENT\n"
	for name, c := range map[string]struct {
		text    string
		want    genkey.Leak
		opening *float64
		start   *float64
	}{
		"nothing": {flowpath(" LEAK LABEL=L"), base, nil, nil},
		"all of it": {
			flowpath(" LEAK LABEL=L, VALVETYPE=OLGAVALVE, ABSPOSITION=50 m, TIME=(5, 60) s, OPENING=(0.25, 1), BACKPRESSURE=0 psig, DIAMETER=0.5 in"),
			with(func(l *genkey.Leak) {
				l.Type, l.Position, l.PositionM, l.Pipe, l.PipeDiameterM = "OLGAVALVE", "50 m", n(50), "P-2", n(0.254)
				l.Diameter, l.DiameterM, l.Backpressure, l.BackpressurePa = "0.5 in", n(0.0127), "0 psig", n(101325)
				l.Opening = []genkey.Opening{{5, 0.25}, {60, 1}}
			}), n(1), n(5),
		},
		"no opening is stated": {flowpath(" LEAK LABEL=L, TIME=2 M, DIAMETER=1 mm"), with(func(l *genkey.Leak) { l.Diameter, l.DiameterM = "1 mm", n(0.001) }), nil, n(120)},
		"closed at first":      {flowpath(" LEAK LABEL=L, TIME=(0, 2) M, OPENING=(0, 0.5)"), with(func(l *genkey.Leak) { l.Opening = []genkey.Opening{{0, 0}, {120, 0.5}} }), n(0.5), n(120)},
		"never open":           {flowpath(" LEAK LABEL=L, TIME=1 M, OPENING=0"), with(func(l *genkey.Leak) { l.Opening = []genkey.Opening{{60, 0}} }), n(0), n(60)},
		"by section": {
			flowpath(` LEAK LABEL=L, PIPE="p-1", SECTION=2`),
			with(func(l *genkey.Leak) {
				l.Position, l.PositionM, l.Pipe, l.PipeDiameterM = "p-1 section 2", n(15), "P-1", n(0.2)
			}), nil, nil,
		},
		"by position": {
			flowpath(" LEAK LABEL=L, POSITION=HERE"),
			with(func(l *genkey.Leak) {
				l.Position, l.PositionM, l.Pipe, l.PipeDiameterM = "HERE", n(77.5), "P-2", n(0.254)
			}), nil, nil,
		},
		"beyond the end": {flowpath(" LEAK LABEL=L, ABSPOSITION=81 m"), with(func(l *genkey.Leak) { l.Position, l.PositionM = "81 m", n(81) }), nil, nil},
		"by a manual controller": {
			flowpath(" LEAK LABEL=L, TIME=0 s, OPENING=1") + controller + "CONNECTION TERMINALS = (c_1 CONTR_1, FLOWPATH_1 L@VALVESIG)",
			with(func(l *genkey.Leak) {
				l.Controller, l.Opening = "Hand", []genkey.Opening{{0, 0}, {60, 0.5}, {120, 0}}
			}), n(0.5), n(60),
		},
		"the other way round": {
			flowpath(" LEAK LABEL=L, TIME=0 s") + strings.Replace(controller, "MANUALC", "PIDC", 1) + "CONNECTION TERMINALS = (FLOWPATH_1 \"L@VALVESIG\", C_1 CONTR_1)",
			with(func(l *genkey.Leak) { l.Controller = "Hand" }), nil, n(0),
		},
		"another's controller": {
			flowpath(" LEAK LABEL=L, TIME=0 s, OPENING=1") + controller + "CONNECTION TERMINALS = (C_1 CONTR_1, FLOWPATH_1 V@VALVESIG)",
			with(func(l *genkey.Leak) { l.Opening = []genkey.Opening{{0, 1}} }), n(1), n(0),
		},
		"as of OLGA 5": {
			`GEOMETRY LABEL=A, XSTART=0 m, YSTART=0 m
PIPE LABEL=P-1, XEND=1 km, YEND=0 m
GEOMETRY LABEL=B, XSTART=100 m, YSTART=-20 m
PIPE LABEL=P-1, DIAMETER=0.5 m, XEND=103 m, YEND=-16, NSEGMENT=1
PIPE LABEL=P-2, XEND=103 m, YEND=0, LSEGMENT=(6, 10)
BRANCH LABEL=Riser, GEOMETRY=B
CONTROLLER LABEL=C, TYPE=MANUAL, TIME=(0, 10), SETPOINT=(0, 1)
LEAK LABEL=L, BRANCH=riser, PIPE=P-2, SECTION=2, CONTROLLER=C, BACKPRESSURE=2 bara, TIME=0`,
			genkey.Leak{
				Label: "L", Branch: "riser", Position: "P-2 section 2", PositionM: n(16), Pipe: "P-2", PipeDiameterM: n(0.5),
				Backpressure: "2 bara", BackpressurePa: n(2e5), Controller: "C", Opening: []genkey.Opening{{0, 0}, {10, 1}},
			}, n(1), n(10),
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := leaks(t, c.text)
			if d := cmp.Diff([]genkey.Leak{c.want}, list, leakFields); d != "" {
				t.Fatal(d)
			}
			if d := cmp.Diff([]*float64{c.opening, c.start}, []*float64{list[0].MaxOpening(), list[0].StartS()}); d != "" {
				t.Errorf("opening and start: %s", d)
			}
		})
	}
}

func TestLeaksThatMakeNoSense(t *testing.T) {
	for keywords, want := range map[string]string{
		" LEAK LABEL=L, DIAMETER=1 furlong":                   `line 8, character 25: "furlong" is no known unit of a length`,
		" LEAK LABEL=L, ABSPOSITION=far":                      `"far" is no number, and a length is one`,
		" LEAK LABEL=L, BACKPRESSURE=1 m":                     `"m" is no known unit of a pressure`,
		" LEAK LABEL=L, TIME=0 bara":                          `"bara" is no known unit of a time`,
		" LEAK LABEL=L, TIME=(0, 1, 2) s, OPENING=(0, 1)":     "OPENING has 2 values, and TIME has 3; they must be as many",
		" LEAK LABEL=L, OPENING=OFF":                          `"OFF" is no number, and a fraction is one`,
		" LEAK LABEL=L, PIPE=\"P-2\", SECTION=4":              "the section of the pipe P-2: line 8, character 36: a whole number from 1 to 3 is asked for, not 4",
		" LEAK LABEL=L\n PIPE LABEL=X, NSEGMENT=1.5":          "a whole number from 1 to 1000000000 is asked for, not 1.5",
		strings.Repeat(" LEAK LABEL=L, DIAMETER=1 m\n", 1001): "the file has more than 1000 leaks",
	} {
		_, err := parse(t, flowpath(keywords)).Leaks()
		var value *genkey.ValueError
		if !errors.As(err, &value) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: the error is %v", keywords, err)
		}
	}
}

// Two of the steady-state cases have a leak that is open for a minute, two one without
// a hole.
func TestRealLeaks(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	leak := func(fluid, position, diameter, controller string, metres, hole, pipe float64, label string, opening ...genkey.Opening) []genkey.Leak {
		return []genkey.Leak{{
			Label: "LEAK", Component: "FLOWPATH_1", Branch: "Pipeline", Fluid: fluid, Type: "OLGAVALVE", Position: position, PositionM: n(metres),
			Pipe: label, PipeDiameterM: n(pipe), Diameter: diameter, DiameterM: n(hole), Backpressure: "0 psig", BackpressurePa: n(101325),
			Controller: controller, Opening: opening,
		}}
	}
	closed := genkey.Opening{}
	shut := leak("GASOLINA95", "50 m", "0 in", "Control-Leak", 50, 0, 0.2032, "PIPE-6", closed)
	open := func(position, diameter string, metres, hole float64) []genkey.Leak {
		return leak("GASOLINA95", position, diameter, "Control-Leak", metres, hole, 0.2032, "PIPE-6", closed, genkey.Opening{TimeS: 60, Opening: 1}, genkey.Opening{TimeS: 120})
	}
	single := leak("DIESEL", "50 m", "0 in", "", 50, 0, 0, "")
	single[0].PipeDiameterM = nil
	want := map[string][]genkey.Leak{
		"gasoline/Shut In/01.genkey": shut, "gasoline/Steady State/D0/01.genkey": shut, "gasoline/Steady State/D0/02.genkey": shut,
		"gasoline/Steady State/D0/0001.genkey": open("48.53 m", "1.010245 in", 48.53, 0.025660223),
		"gasoline/Steady State/D0/0002.genkey": open("49.35 m", "1.008643 in", 49.35, 0.0256195322),
		"single/01.genkey":                     single,
	}
	got := map[string][]genkey.Leak{}
	for name, content := range realFiles(t) {
		doc, err := genkey.Parse(bytes.NewReader(content), name)
		if err != nil {
			t.Fatal(err)
		}
		if got[name], err = doc.Leaks(); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want, got, leakFields); d != "" {
		t.Error(d)
	}
}
