create table governance.second (id int primary key);
-- later thought
