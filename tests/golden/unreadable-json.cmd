echo no >no; assay verify --json no; echo $?; assay inspect --json no; echo $?
