// Package linear fits linear models: least squares, ridge, lasso, elastic net and
// logistic regression, with scikit-learn's objectives, parameter names and defaults,
// so that the same data gives the same coefficients as there.
//
// # From columns to a model
//
// A design is a [Dense], made of whole columns, or a [Sparse], made of the values
// that are not zero. It is checked once, when it is made: a NaN is an error that names
// its column and row. An estimator is a struct of parameters; Fit gives a model:
//
//	x, err := linear.NewDense([]string{"age", "income"}, [][]float64{age, income})
//	model, err := linear.NewRidge().Fit(ctx, x, y, linear.FitOptions{})
//	predictions, err := model.Predict(ctx, x)
//
//	classifier, err := linear.NewLogisticRegression().Fit(ctx, x, labels, 3, linear.FitOptions{})
//	probabilities, err := classifier.PredictProba(ctx, x) // rows × 3
//
// Parameters by name, as they come from a configuration, go through
// [ParseLogisticRegression] and its siblings.
//
// # What minimizes what
//
//	LinearRegression    |y - Xw|²                  least_squares.go: QR, and singular values
//	Ridge               … + alpha |w|²             ridge.go: Cholesky
//	Lasso, ElasticNet   |y - Xw|²/2n + penalties   coordinate.go: coordinate descent
//	LogisticRegression  C Σ log loss + penalty     lbfgs.go without an L1 penalty: L-BFGS
//	                                               newton.go with one: Newton's method
//	                                               with coordinate descent inside
//
// The rest, from the ground up:
//
//	matrix.go, sparse.go   the designs, column by column
//	parallel.go            tasks of fixed size on as many goroutines as there are processors
//	fit.go                 weights, targets, means: what every fit begins with
//	tall.go                the centred design, or its transpose, in blocks of rows
//	triangle.go, jacobi.go the triangular factor of those blocks, its singular values
//	logistic.go            classes, class weights, standard columns
//	loss.go                the log loss and its gradient in one pass over the rows
//	model.go, json.go      prediction, and the model file
//	params.go, params_parse.go  what the parameters may be
//
// # Columns of any scale
//
// An optimum does not depend on how it is found. So before L-BFGS the columns are
// scaled such that the penalized loss curves about alike along all of them, and dense
// ones are centred; the result is in the caller's units again. Salaries beside shares
// then take no more iterations than standardized columns do. The tolerance counts in
// these units.
//
// Columns that depend on each other have no unique coefficients without a penalty:
// [LinearRegression] takes those of smallest norm, [LogisticRegression] without a
// penalty some of the best ones. Constant columns have a coefficient of 0 where there
// is an intercept. More columns than rows are as good as any.
//
// # Reproducibility
//
// Nothing here is random. Work is cut into tasks by the data's size alone, and their
// sums are added in order: the same data gives the same model, bit for bit, whatever
// GOMAXPROCS. A saved model predicts the same bits, too.
//
// Sources are named where they are used. The books behind all of it: Hastie, Tibshirani
// and Friedman, "The Elements of Statistical Learning", 2009; Golub and Van Loan,
// "Matrix Computations", 2013; Nocedal and Wright, "Numerical Optimization", 2006.
package linear
