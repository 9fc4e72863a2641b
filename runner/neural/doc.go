// Package neural trains multilayer perceptrons with the parameters, defaults and
// arithmetic of scikit-learn's MLPClassifier and MLPRegressor, and with learned
// embeddings for categorical inputs, which scikit-learn lacks.
//
// # From columns to a model
//
// A [Dataset] is columns and a target; [Train] gives a [Model], which predicts
// (predict.go) and goes to and comes from JSON (json_write.go, json_read.go).
//
//	network.go      layers and embeddings, and their places in one vector of weights
//	initialize.go   Glorot's first weights
//	matrix.go       the columns of a dataset, checked and laid out row by row
//	pass.go         a tile of at most 64 rows forward and backward through the layers
//	multiply.go     the matrix products of it, by gonum's BLAS
//	activation.go   relu, tanh, logistic, identity
//	loss.go         the output's link, the loss and its gradient
//	gradient.go     loss and gradient of a batch: tiles shared among goroutines
//	sgd.go adam.go  what a gradient does to the weights
//	epochs.go       batches, epochs, early stopping (sgd and adam)
//	lbfgs.go        the whole data at once, with line_search.go
//	holdout.go      rows held out for early stopping; score.go on them
//
// # The network
//
// Hidden layer l is a(l) = f(a(l-1)·W(l) + b(l)) with f the activation; the last
// layer has no f but a link: none for squared_error, the exponential for poisson,
// and for log_loss the logistic function of one output (two classes) or the
// softmax of one output a class. Each link belongs to its loss: the gradient with
// respect to the last layer's sum is prediction - target. With weights w of the
// rows of a batch, the minimized loss is
//
//	Σ w·loss / Σ w  +  alpha/2 · Σ W² / Σ w
//
// over layer weights and embeddings, without the biases.
//
// # Categorical inputs
//
// A [Feature] with Categories n > 0 holds codes 0..n-1. Each code has a vector of
// min(50, ceil(n/2)) numbers, or embedding_dim, that is learned with the other
// weights by every solver: the same as one-hot columns that share a first linear
// layer (Guo and Berkhahn, "Entity Embeddings of Categorical Variables", 2016).
// NaN and codes outside of 0..n-1 share one more vector. A code without a training
// row has nothing to learn from: it takes the mean of the learned vectors,
// weighted by their rows. The first layer sees the numeric inputs in their order,
// then the embeddings in theirs.
//
// A numeric input must be finite. Scale it, for instance to mean 0 and deviation
// 1: no solver gets far on inputs of very different sizes.
//
// # Reproducibility
//
// One random_state gives one model, bit for bit, whatever the number of threads:
// a batch is divided by its size alone, and the parts are added in order. The
// random numbers are not numpy's, so a training equals scikit-learn's number by
// number only from the same first weights and without shuffling. The prediction of
// a row does not depend on the rows beside it: every sum has an order that the
// layer's shape alone decides.
//
// # Memory
//
// Training holds the columns once more, row by row, and weights, gradient and the
// solver's state at 8 bytes a weight each; lbfgs 20 more vectors of that size. Each
// 64 rows of a batch, up to 16 times, have a gradient of their own. A batch allocates
// nothing, but for two small things where several goroutines work. Prediction holds
// the layers of 64 rows a goroutine.
//
// # Differences from scikit-learn
//
// Early stopping holds out each class's share with more than two classes, too; a
// batch whose weights are all 0 is left out; what overflows is a [DivergedError] at
// once; random_state is 0 where it is not given; there is one target, not several.
//
// Sources: scikit-learn's documentation; Glorot and Bengio, "Understanding the
// difficulty of training deep feedforward neural networks", 2010; Kingma and Ba,
// "Adam: A Method for Stochastic Optimization", 2014; Byrd, Lu, Nocedal and Zhu,
// "A Limited Memory Algorithm for Bound Constrained Optimization", 1995; Moré and
// Thuente, "Line Search Algorithms with Guaranteed Sufficient Decrease", 1994.
package neural
