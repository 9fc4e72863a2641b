// Package transport dials the master, the same way for every program: the
// command line, the workers and whatever else speaks the protocol.
//
// [Dial] decides how the connection is secured. To a loopback address or a Unix
// socket it is plain, unless certificates are named; to any other address it is
// TLS, unless [ClientOptions.Insecure] says that plain text is wanted. A token
// travels with each call as "authorization: Bearer <token>" and is never sent in
// plain text beyond the host, unless Insecure allows it.
//
// [HostID] names the host, so that the command line can ask for a worker that
// sees the same files.
package transport
