// Package auth decides who may call what.
//
// A caller is known by a bearer token from a file of tokens ([LoadTokens]) or by
// its TLS client certificate (common name: who; organizational unit: role). Each
// has a role, and [Allowed] lists for every method which roles may call it. What
// is not listed is denied, so a new method is closed until somebody decides who
// may use it.
//
// Without any credentials configured everybody is [Local], with all rights; a
// master allows that on loopback and Unix sockets only ([CheckListen]), or where
// its operator said so.
package auth
