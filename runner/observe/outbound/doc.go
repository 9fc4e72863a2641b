// Package outbound sends small requests to endpoints outside, of which the
// configuration tells and the operator allows.
//
// A configuration comes from whoever submits work, so it decides nothing here by
// itself: an endpoint must begin with one of the prefixes with which the program
// was started, a secret must come from an environment variable whose name begins
// with MLOPS_SECRET_, and a redirect leads to the same host or nowhere. An attempt
// has a time limit, an answer is not read beyond its beginning, and what fails for
// a passing reason is tried again. No error tells a path, a query or a header.
//
//	allow.go   which endpoints there are
//	secret.go  where addresses and header values come from
//	send.go    one request with its attempts
package outbound
