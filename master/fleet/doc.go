// Package fleet keeps what the master knows of its workers: which process of a
// worker is the newest (its session), what it offers, and which attempts it holds
// under which lease.
//
// It is plain memory: no locks, no clock, no store. Its owner (package dispatch)
// guards it and changes attempts only after the state store has committed, so the
// fleet is never ahead of what is durable.
//
// # Sessions
//
// Each process of a worker draws a session. One that was never seen is the newest
// and takes the worker over; the one before it is remembered as former, and gets
// told so. Within a session calls are numbered, and an older one that arrives late
// is ignored.
//
// # Leases
//
// A lease belongs to an attempt, not to a worker: each call renews those that it
// lists. What is not renewed expires on the owner's clock.
package fleet
