assay collateral prefetch --from-cache tdx/quote.bin; assay collateral prefetch --fmspc 00a06f050000 --tee tdx; assay collateral prefetch --from-cache --json
