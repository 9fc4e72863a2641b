// Package simulate is a pipeline of one liquid, as physics has it: transient flow in
// one dimension, with a pump, an outlet valve and leaks.
//
// A [System] is the pipeline and how it is operated; [Start] brings it to its steady
// state, and [Flow.Advance] takes it a time step on:
//
//	dH/dt + a²/(gA) dQ/dx = 0                     continuity
//	dQ/dt + gA dH/dx + f Q|Q|/(2DA) = 0           momentum
//
// with the head H in metres, p = ρg(H - z), and the flow Q in m³/s. They are solved by
// the method of characteristics with a time step of one section's travel time, so that
// waves are not smeared, as of Wylie and Streeter, Fluid Transients in Systems (1993),
// chapters 3 and 4. Friction is that of a steady flow at each moment (Darcy and
// Weisbach, Haaland's factor), taken implicitly, so that any flow is stable and a
// steady one is kept exactly. Density and wave speed are constant, and there is one
// diameter. Below its vapour pressure a liquid boils, which is not modelled:
// [Flow.Boils] tells.
//
// Heat is carried along by the flow, made by friction, and lost through the wall; it
// does not act back on the flow.
//
// Units are SI, pressures absolute, temperatures in °C. A product is rounded before it
// is added to another number (float64(x*y) + z), and no function of package math is
// used that rounds by machine, so that every machine has the same figures.
package simulate
