// Package storetest is the suite that every [statestore.Store] must pass.
//
// An implementation's test calls [Run] with a [Factory]. The suite checks each
// method on its own, then drives the store and [Model], a store in memory that
// is too simple to be wrong, with the same random commands and compares what
// they say, reopening the store in between. Model passes the suite as well.
package storetest
