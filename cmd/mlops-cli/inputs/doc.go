// Package inputs checks what the user named before anything is submitted: that
// the data file, the model directory, the configuration and the place for the
// output are there and of the right kind. Its errors name what was wrong and
// offer the nearest name that exists; each is the user's to mend, so that
// commands end with exit code 2.
//
// Locations that begin with artifact:// are checked for their form only.
package inputs
