for c in verify inspect get 'collateral fetch' 'collateral show' 'collateral check' 'collateral prefetch' completion; do assay $c --help; done
