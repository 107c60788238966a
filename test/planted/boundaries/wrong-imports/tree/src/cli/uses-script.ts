import '../../scripts/embed-sql.ts';
