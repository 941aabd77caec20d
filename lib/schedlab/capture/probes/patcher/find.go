package main

import (
	"go/ast"
	"go/token"
)

// callee is the name of what is called: "wakep", "list.pop".
func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if on, ok := f.X.(*ast.Ident); ok {
			return on.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// statements are those of a block, the innermost, in which match holds for
// some node; in the order of the source.
func statements(within ast.Node, match func(ast.Node) bool) []ast.Stmt {
	var found []ast.Stmt
	var path []ast.Node
	ast.Inspect(within, func(node ast.Node) bool {
		if node == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, node)
		if match(node) {
			if statement := innermost(path); statement != nil {
				found = append(found, statement)
			}
		}
		return true
	})
	return found
}

// innermost is the last node of the path that stands in a list of statements.
func innermost(path []ast.Node) ast.Stmt {
	for i := len(path) - 1; i > 0; i-- {
		switch path[i-1].(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.LabeledStmt:
			if statement, ok := path[i].(ast.Stmt); ok {
				return statement
			}
		}
	}
	return nil
}

// calls are the statements of f in which name is called; there is at least one.
func (s *source) calls(f *ast.FuncDecl, name string) []ast.Stmt {
	found := statements(f.Body, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		return ok && callee(call) == name
	})
	if len(found) == 0 {
		panic(s.lacks(f, "a call of "+name))
	}
	return found
}

// returns are the statements of f that return as many results as it has, the
// first of them being what keep accepts; there is at least one.
func (s *source) returns(f *ast.FuncDecl, anchor string, keep func(first ast.Expr) bool) []*ast.ReturnStmt {
	var found []*ast.ReturnStmt
	ast.Inspect(f.Body, func(node ast.Node) bool {
		if r, ok := node.(*ast.ReturnStmt); ok && len(r.Results) > 0 && keep(r.Results[0]) {
			found = append(found, r)
		}
		return true
	})
	if len(found) == 0 {
		panic(s.lacks(f, anchor))
	}
	return found
}

// structure is the declaration of a struct type.
func (s *source) structure(name string) *ast.StructType {
	var found *ast.StructType
	ast.Inspect(s.file, func(node ast.Node) bool {
		if declared, ok := node.(*ast.TypeSpec); ok && declared.Name.Name == name {
			found, _ = declared.Type.(*ast.StructType)
		}
		return found == nil
	})
	if found == nil {
		panic(missing{s.name, name, "the struct type"})
	}
	return found
}

func isName(name string) func(ast.Expr) bool {
	return func(e ast.Expr) bool { return named(e) == name }
}

func notNil(e ast.Expr) bool { return named(e) != "nil" }

// named is the name that an expression is, or the field's that it selects.
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// assigned are the statements of f that set a field of that name to value.
func (s *source) assigned(f *ast.FuncDecl, field, value string) []ast.Stmt {
	found := statements(f.Body, func(node ast.Node) bool {
		a, ok := node.(*ast.AssignStmt)
		return ok && len(a.Lhs) == 1 && a.Tok == token.ASSIGN && named(a.Lhs[0]) == field && named(a.Rhs[0]) == value
	})
	if len(found) == 0 {
		panic(s.lacks(f, field+" = "+value))
	}
	return found
}

// remainder is the literal 61 of schedtick%61, and the if statement that asks.
func (s *source) remainder(f *ast.FuncDecl) (*ast.BasicLit, *ast.IfStmt) {
	var number *ast.BasicLit
	var asking *ast.IfStmt
	ast.Inspect(f.Body, func(node ast.Node) bool {
		if branch, ok := node.(*ast.IfStmt); ok {
			ast.Inspect(branch.Cond, func(inner ast.Node) bool {
				b, ok := inner.(*ast.BinaryExpr)
				if ok && b.Op == token.REM && named(b.X) == "schedtick" {
					number, _ = b.Y.(*ast.BasicLit)
					asking = branch
				}
				return true
			})
		}
		return true
	})
	if number == nil {
		panic(s.lacks(f, "schedtick % a number"))
	}
	return number, asking
}
