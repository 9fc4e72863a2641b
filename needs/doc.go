// Package needs gives tests what a machine may lack: real data, a small file system,
// a program, modules from a proxy. A test that asks for something the machine truly
// lacks is skipped, and says what it lacks and what is not shown for that; anything
// else that goes wrong fails it. No other package skips a test.
package needs
