// Package embedded runs master and worker inside a command's own process, for
// users who have no master: the same code as in a fleet, over an in-memory
// connection, with one state store under the user's state directory.
//
//	STATE/embedded.lock     held by the session that hosts the master
//	STATE/master.sock       where the host serves the other sessions
//	STATE/state.db          the state store, open in the host only
//	STATE/artifacts/        the master's artifacts
//	STATE/sessions/ID.lock  held by the session with this id while it lives
//	STATE/sessions/ID/      its worker's scratch directory
//
// Several sessions at once share the store. The first to take the lock is the
// host; the others are guests that speak to it through the socket. When the host
// leaves, the lock falls to one of the guests, which hosts from then on: the
// clients and workers of all sessions find it by dialling again, as they would a
// master that was restarted, and no training is lost (role.go).
//
// Each session runs its own work only: its submissions and its worker carry the
// label mlops.session with the session's id. Work of a session that died is
// nobody's; a session that starts, or that becomes the host, cancels it
// (sessions.go).
package embedded
