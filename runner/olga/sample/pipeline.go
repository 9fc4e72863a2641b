package sample

import (
	"strconv"

	"mlops/runner/olga"
	"mlops/runner/olga/simulate"
)

// atmosphere is its pressure, Pa.
const atmosphere = 101_325

// The names of the pipeline's parts, as real files have them.
const (
	branch          = "TUBERIA"
	pump            = "PUMP"
	valve           = "V-OUT"
	leakLabel       = "FUGA"
	pumpController  = "CONTROL - BOMBA"
	leakController  = "CONTROL - FUGA"
	valveController = "CONTROL - VALVULA"
)

// line is a pipeline of steel, ten inches wide, that carries a light oil.
func line() simulate.Line {
	const sections = 10
	return simulate.Line{
		Fluid: simulate.Fluid{Density: 850, Viscosity: 8e-6, BulkModulus: 1.4e9, HeatCapacity: 2000, VapourPressure: 10_000},
		Pipes: []simulate.Pipe{
			{Label: "Pipe-1", Sections: sections, Rise: 6}, {Label: "Pipe-2", Sections: sections, Rise: -4}, {Label: "Pipe-3", Sections: sections, Rise: 8},
			{Label: "Pipe-4", Sections: sections, Rise: -10}, {Label: "Pipe-5", Sections: sections, Rise: 3},
		},
		SectionLength: 100, Diameter: 0.254, Roughness: 4.5e-5, WallThickness: 0.0064, WallModulus: 2.07e11, HeatTransfer: 5,
	}
}

func inlet() simulate.Inlet {
	return simulate.Inlet{Pressure: 400_000, Pump: &simulate.Pump{ShutOffHead: 120, Loss: 3000, MaxSpeed: 2100}}
}

func outlet() simulate.Outlet {
	return simulate.Outlet{Valve: &simulate.Orifice{Diameter: 0.15, Discharge: 0.7}}
}

// instrument is where pressure, temperature and flow are measured.
type instrument struct {
	pipe   int
	number int // of the section and of the boundary before it, in their pipe, from 1
}

// instruments are those of the pipeline, from its beginning to its end.
func instruments() []instrument { return []instrument{{0, 3}, {4, 8}} }

// section is where an instrument is, counted along the line from 0.
func (i instrument) section(l simulate.Line) int {
	n := i.number - 1
	for _, p := range l.Pipes[:i.pipe] {
		n += p.Sections
	}
	return n
}

// trends is the catalog of a case, in the order of the values of [recorder.read].
func trends(l simulate.Line) []olga.Trend {
	var list []olga.Trend
	for _, i := range instruments() {
		at := func(what string) []string {
			return []string{what, "BRANCH:", branch, "PIPE:", l.Pipes[i.pipe].Label, "NR:", strconv.Itoa(i.number)}
		}
		list = append(list,
			olga.Trend{Variable: "PT", Location: at("SECTION:"), Unit: "PA", Description: "Pressure"},
			olga.Trend{Variable: "TM", Location: at("SECTION:"), Unit: "C", Description: "Fluid temperature"},
			olga.Trend{Variable: "GT", Location: at("BOUNDARY:"), Unit: "KG/S", Description: "Total mass flow"},
		)
	}
	return append(list,
		olga.Trend{Variable: "PUMPSPEED", Location: []string{"PUMP:", pump}, Unit: "RPM", Description: "Pump speed"},
		olga.Trend{Variable: "GTLEAK", Location: []string{"LEAK:", leakLabel}, Unit: "KG/S", Description: "Leakage total mass flow rate"},
		olga.Trend{Variable: "CONTR", Location: []string{"CONTROLLER:", pumpController}, Unit: "-", Description: "Controller output"},
		olga.Trend{Variable: "CONTR", Location: []string{"CONTROLLER:", leakController}, Unit: "-", Description: "Controller output"},
	)
}
